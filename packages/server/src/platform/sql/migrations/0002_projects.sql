-- Projects and what is in them. project_id leads every key; no foreign key crosses projects.
create table projects (
  id uuid primary key,
  slug text not null unique,
  owner_id uuid not null,
  name text not null,
  description text not null default '',
  visibility text not null default 'private' check (visibility in ('private', 'unlisted', 'public')),
  size_bytes bigint not null default 0,
  file_count integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create index projects_owner on projects (owner_id, updated_at desc);

-- What saves changed while another save of the project was holding its row: folded in by the next one that gets the row.
-- So saves of one project share a commit instead of queueing for one row.
create table project_changes (
  project_id uuid not null references projects (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  size_delta bigint not null,
  file_delta integer not null,
  primary key (project_id, id)
);

create table members (
  project_id uuid not null references projects (id) on delete cascade,
  user_id uuid not null,
  role text not null check (role in ('owner', 'editor', 'viewer')),
  since timestamptz not null default now(),
  primary key (project_id, user_id)
);
create index members_user on members (user_id);

create table share_links (
  project_id uuid not null references projects (id) on delete cascade,
  id uuid not null,
  token_hash bytea not null unique,
  role text not null check (role in ('editor', 'viewer')),
  created_by uuid not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  primary key (project_id, id)
);

-- Folders and files; moving a folder changes one row. name_key is the folded name: twins collide.
create table nodes (
  project_id uuid not null references projects (id) on delete cascade,
  id uuid not null,
  parent_id uuid,
  kind text not null check (kind in ('file', 'folder')),
  name text not null,
  name_key text not null,
  version integer not null default 0,
  hash text,
  size bigint not null default 0,
  executable boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (project_id, id),
  foreign key (project_id, parent_id) references nodes (project_id, id) deferrable initially deferred,
  check ((kind = 'file') = (hash is not null))
);
create unique index nodes_place on nodes
  (project_id, coalesce(parent_id, '00000000-0000-0000-0000-000000000000'::uuid), name_key)
  where deleted_at is null;

-- Every acknowledged version of a file.
create table file_versions (
  project_id uuid not null,
  file_id uuid not null,
  version integer not null,
  hash text not null,
  size bigint not null,
  author_id uuid,
  editor_ids uuid[] not null default '{}',
  created_at timestamptz not null default now(),
  primary key (project_id, file_id, version),
  foreign key (project_id, file_id) references nodes (project_id, id) on delete cascade
);

-- One row for each content that an owner holds: where its bytes are and its wrapped data key.
create table blob_references (
  owner_id uuid not null,
  hash text not null,
  storage_key text not null,
  size bigint not null,
  wrapped_key bytea not null,
  created_at timestamptz not null default now(),
  primary key (owner_id, hash)
);

-- Small bodies are committed with their metadata; a job moves them into the blob store afterwards.
create table blob_staging (
  storage_key text primary key,
  owner_id uuid not null,
  sealed bytea not null,
  created_at timestamptz not null default now()
);
create index blob_staging_age on blob_staging (created_at);

create table idempotency_keys (
  user_id uuid not null,
  key text not null,
  request_hash bytea not null,
  status integer not null,
  answer jsonb not null,
  created_at timestamptz not null default now(),
  primary key (user_id, key)
);

create table editor_states (
  project_id uuid not null references projects (id) on delete cascade,
  user_id uuid not null,
  state jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (project_id, user_id)
);
