-- Which versions of files executions refer to, by the file's id: retention used to expand every execution's versions for each
-- batch, and kept a version because another path had that number. One row for each version, however many runs saw it; a row
-- says until when, which is longer than the executions' own rows stay.
create table file_version_uses (
  project_id uuid not null,
  file_id uuid not null,
  version integer not null,
  kept_until timestamptz not null,
  primary key (project_id, file_id, version)
);
create index file_version_uses_end on file_version_uses (kept_until);
alter table file_version_uses enable row level security;
alter table file_version_uses force row level security;
grant select, insert, update, delete on file_version_uses to atelier_jobs;
create policy jobs on file_version_uses to atelier_jobs using (true) with check (true);
grant select, insert, update on file_version_uses to atelier_definer;
create policy definer on file_version_uses to atelier_definer using (true) with check (true);
grant select on nodes to atelier_definer;
create policy definer on nodes for select to atelier_definer using (true);

set local role atelier_definer;

-- Notes the versions that an execution names by path, as the paths are now. A run that sees what an earlier one saw writes
-- nothing, until a day has gone by.
create function atelier_note_version_uses(project uuid, versions jsonb, seen_at timestamptz) returns void
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into file_version_uses as u (project_id, file_id, version, kept_until)
    with recursive tree as (
      select n.id, n.name as path from nodes n
        where n.project_id = project and n.parent_id is null and n.deleted_at is null
      union all
      select n.id, t.path || '/' || n.name
        from tree t join nodes n on n.project_id = project and n.parent_id = t.id and n.deleted_at is null)
    select project, t.id, v.value::integer, seen_at + interval '35 days'
      from jsonb_each_text(versions) v join tree t on t.path = v.key
    on conflict (project_id, file_id, version) do update set kept_until = excluded.kept_until
      where u.kept_until < excluded.kept_until - interval '1 day';
end $$;

create function atelier_note_execution() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform atelier_note_version_uses(new.project_id, new.file_versions, new.queued_at);
  return null;
end $$;
grant execute on function atelier_note_execution() to atelier_owner, atelier_app, atelier_jobs;

-- Executions from before: a path that is not there any more keeps what it kept, that number in every file.
insert into file_version_uses as u (project_id, file_id, version, kept_until)
  with recursive named as (
    select e.project_id, v.key as path, v.value::integer as version, max(e.queued_at) + interval '35 days' as kept_until
      from executions e cross join lateral jsonb_each_text(e.file_versions) v
      where e.project_id is not null
      group by e.project_id, v.key, v.value::integer),
  tree as (
    select n.project_id, n.id, n.name as path from nodes n
      where n.project_id in (select project_id from named) and n.parent_id is null and n.deleted_at is null
    union all
    select n.project_id, n.id, t.path || '/' || n.name
      from tree t join nodes n on n.project_id = t.project_id and n.parent_id = t.id and n.deleted_at is null),
  found as (
    select w.project_id, t.id as file_id, w.version, w.kept_until
      from named w join tree t on t.project_id = w.project_id and t.path = w.path
    union all
    select w.project_id, v.file_id, w.version, w.kept_until
      from named w join file_versions v on v.project_id = w.project_id and v.version = w.version
      where not exists (select from tree t where t.project_id = w.project_id and t.path = w.path))
  select project_id, file_id, version, max(kept_until) from found group by project_id, file_id, version;

set local role atelier_owner;

create trigger note_execution after insert on executions for each row
  when (new.project_id is not null and new.file_versions <> '{}') execute function atelier_note_execution();
