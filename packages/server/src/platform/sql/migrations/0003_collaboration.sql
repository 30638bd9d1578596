-- Live documents: one row each, an append-only log of updates, and snapshots (the newest two are kept).
create table documents (
  project_id uuid not null,
  file_id uuid not null,
  generation integer not null,
  -- The newest owner's fence: appends of an older owner are refused and ignored on replay.
  fence bigint not null,
  -- The file version that the document's text includes, and the log sequence up to which it was checkpointed.
  base_version integer not null,
  checkpointed_sequence bigint not null default 0,
  eol text not null default 'lf' check (eol in ('lf', 'crlf')),
  byte_order_mark boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (project_id, file_id),
  foreign key (project_id, file_id) references nodes (project_id, id) on delete cascade
);

-- user_id, client_id and time are there from the start: authorship can't be reconstructed later.
create table document_log (
  project_id uuid not null,
  file_id uuid not null,
  generation integer not null,
  sequence bigint not null,
  fence bigint not null,
  user_id uuid,
  client_id bigint,
  origin text not null default 'edit' check (origin in ('seed', 'edit', 'external')),
  created_at timestamptz not null default now(),
  update bytea not null,
  primary key (project_id, file_id, generation, sequence)
);

create table document_snapshots (
  project_id uuid not null,
  file_id uuid not null,
  generation integer not null,
  sequence bigint not null,
  fence bigint not null,
  state_vector bytea not null,
  checksum bytea not null,
  state bytea not null,
  created_at timestamptz not null default now(),
  primary key (project_id, file_id, generation, sequence)
);
