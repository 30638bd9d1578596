-- What housekeeping needs to find what is of no use any more, and to remove content without hitting a save that needs it.

create index idempotency_keys_age on idempotency_keys (created_at);
create index sign_ins_expiry on sign_ins (expires_at);
create index nodes_bin on nodes (deleted_at) where deleted_at is not null;
create index projects_bin on projects (deleted_at) where deleted_at is not null;
create index blob_references_storage on blob_references (storage_key);
-- The foreign key of a node's children is looked up for every node that goes.
create index nodes_children on nodes (project_id, parent_id);

-- From here on the bin can't give the project back: parts of it are gone.
alter table projects add column purge_started_at timestamptz;

-- Content whose version was removed: perhaps nothing refers to it any more. Looked at after a day.
create table blob_candidates (
  owner_id uuid not null,
  hash text not null,
  noted_at timestamptz not null default now(),
  primary key (owner_id, hash)
);
create index blob_candidates_age on blob_candidates (noted_at);
alter table blob_candidates enable row level security;
alter table blob_candidates force row level security;
grant select, insert, update, delete on blob_candidates to atelier_jobs;
create policy jobs on blob_candidates to atelier_jobs using (true) with check (true);

-- As before, but whoever may use content that is there already holds it until commit: its removal takes the same lock alone,
-- and then looks again whether a version refers to it.
create or replace function atelier_keep_blob(
    owner uuid, content_hash text, content_size bigint, key text, wrapped bytea, sealed bytea
  ) returns boolean
  language plpgsql
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended(owner::text || content_hash, 5287315));
  insert into blob_references (owner_id, hash, storage_key, size, wrapped_key)
    values (owner, content_hash, key, content_size, wrapped)
    on conflict (owner_id, hash) do nothing;
  if not found then return false; end if;
  if sealed is not null then
    insert into blob_staging (storage_key, owner_id, sealed) values (key, owner, sealed);
  end if;
  return true;
end $$;

-- Documents that went with their files: their log and snapshots go later, in small steps.
create table document_remains (
  project_id uuid not null,
  file_id uuid not null,
  primary key (project_id, file_id)
);
alter table document_remains enable row level security;
alter table document_remains force row level security;
grant select, insert, update, delete on document_remains to atelier_jobs;
create policy jobs on document_remains to atelier_jobs using (true) with check (true);
grant insert on document_remains to atelier_definer;
create policy definer on document_remains for insert to atelier_definer with check (true);

set local role atelier_definer;

create function atelier_note_remains() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into document_remains (project_id, file_id) values (old.project_id, old.file_id) on conflict do nothing;
  return null;
end $$;
grant execute on function atelier_note_remains() to atelier_owner, atelier_jobs;

set local role atelier_owner;
create trigger note_remains after delete on documents for each row execute function atelier_note_remains();
