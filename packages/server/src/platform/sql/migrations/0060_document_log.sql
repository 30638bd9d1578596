-- The document log describes itself: besides edits it has seeds, versions from outside and checkpoints, and each of these says where the
-- document stands then (facts). The row of a document keeps only what others look up. Snapshots are blobs.
alter table document_log rename column origin to kind;
alter table document_log alter column kind drop default;
alter table document_log drop constraint document_log_origin_check;
alter table document_log add check (kind in ('seed', 'edit', 'external', 'checkpoint'));
alter table document_log add column facts jsonb;

-- What the rows of documents said, as an entry after all others. Row-level security binds the owner of the tables, too.
set local role atelier_jobs;
insert into document_log (project_id, file_id, generation, sequence, fence, kind, update, facts)
  select d.project_id, d.file_id, d.generation, greatest(d.checkpointed_sequence, l.newest, s.newest) + 1, d.fence, 'checkpoint', '',
      jsonb_build_object(
        'baseVersion', d.base_version,
        'checkpointedSequence', d.checkpointed_sequence,
        'format', jsonb_build_object('eol', d.eol, 'byteOrderMark', d.byte_order_mark),
        'saving', case when d.saving_sequence is not null
          then jsonb_build_object('sequence', d.saving_sequence, 'hash', d.saving_hash) end,
        'editorIds', coalesce(e.ids, '[]'))
    from documents d
    cross join lateral (
      select max(sequence) as newest from document_log l
        where l.project_id = d.project_id and l.file_id = d.file_id and l.generation = d.generation) l
    cross join lateral (
      select max(sequence) as newest from document_snapshots s
        where s.project_id = d.project_id and s.file_id = d.file_id and s.generation = d.generation) s
    cross join lateral (
      select jsonb_agg(x.user_id order by x.last) as ids from (
        select l.user_id, max(l.sequence) as last from document_log l
          where l.project_id = d.project_id and l.file_id = d.file_id and l.generation = d.generation
            and l.sequence > d.checkpointed_sequence and l.user_id is not null
          group by l.user_id) x) e
    where l.newest is not null or s.newest is not null;
set local role atelier_owner;

alter table documents
  drop column saving_sequence, drop column saving_hash, drop column eol, drop column byte_order_mark;

-- state and state_vector: of earlier releases, until they are moved into blobs. bytes: of the blob.
alter table document_snapshots
  alter column state drop not null,
  alter column state_vector drop not null,
  add column storage_key text,
  add column wrapped_key bytea,
  add column bytes bigint,
  add check ((state is null) <> (storage_key is null)),
  add check ((storage_key is null) = (wrapped_key is null) and (storage_key is null) = (bytes is null));
create unique index on document_snapshots (storage_key) where storage_key is not null;
create index on document_snapshots (project_id) where state is not null;

set local role atelier_definer;

drop function append_document_log(
  uuid[], uuid[], integer[], bigint[], bigint[], uuid[], bigint[], text[], integer[], bytea);

-- Appends a batch of entries of many documents in one statement and refuses those of an owner that was replaced: a document's row carries
-- the newest fence and generation. `bytes` holds the updates one after the other, because an array of bytea travels as text. Answers the
-- documents that were refused; the others' entries are in the log.
create function append_document_log(
    project_ids uuid[], file_ids uuid[], generations integer[], sequences bigint[], fences bigint[],
    user_ids uuid[], client_ids bigint[], kinds text[], facts text[], lengths integer[], bytes bytea
  ) returns table (refused_project_id uuid, refused_file_id uuid)
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not project_ids <@ coalesce(nullif(current_setting('atelier.project_ids', true), ''), '{}')::uuid[] then
    raise insufficient_privilege using message = 'a project outside the batch';
  end if;
  -- Held until commit: a new owner's takeover waits for appends that were allowed, and later ones see its fence.
  perform from documents d
    where (d.project_id, d.file_id) in (select * from unnest(project_ids, file_ids))
    order by d.project_id, d.file_id for share;
  return query
    with batch as (
      select *, sum(b.length) over (order by b.place) - b.length as start
        from unnest(project_ids, file_ids, generations, sequences, fences, user_ids, client_ids, kinds, facts, lengths)
          with ordinality
          as b (project_id, file_id, generation, sequence, fence, user_id, client_id, kind, facts, length, place)
    ), appended as (
      insert into document_log
          (project_id, file_id, generation, sequence, fence, user_id, client_id, kind, facts, update)
        select b.project_id, b.file_id, b.generation, b.sequence, b.fence, b.user_id, b.client_id, b.kind, b.facts::jsonb,
            substring(bytes from b.start::integer + 1 for b.length)
          from batch b
          join documents d on d.project_id = b.project_id and d.file_id = b.file_id
            and d.generation = b.generation and d.fence = b.fence
    )
    select distinct b.project_id, b.file_id from batch b
      where not exists (
        select from documents d where d.project_id = b.project_id and d.file_id = b.file_id
          and d.generation = b.generation and d.fence = b.fence);
end $$;
grant execute on function append_document_log(
  uuid[], uuid[], integer[], bigint[], bigint[], uuid[], bigint[], text[], text[], integer[], bytea) to atelier_log;
revoke execute on function append_document_log(
  uuid[], uuid[], integer[], bigint[], bigint[], uuid[], bigint[], text[], text[], integer[], bytea) from public;
