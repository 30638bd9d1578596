-- Who may touch which row. Row-level security is forced on every table, so that it also holds for the owner; a role sees
-- only what a policy below gives it. Requests run as atelier_app with atelier.user_id and, where one project is meant,
-- atelier.project_id. The functions below compare those settings with the real membership; policies call them as
-- uncorrelated subqueries, which run once for a statement and not once for a row.

-- atelier_definer owns the functions that must see further than their caller. Nobody logs in as it or becomes it.
set local role atelier_definer;

-- Also for functions of later migrations: nobody may call one unless it is granted.
alter default privileges revoke execute on functions from public;

create function atelier_user() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('atelier.user_id', true), '')::uuid;

create function atelier_project() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('atelier.project_id', true), '')::uuid;

set local role atelier_owner;

alter default privileges revoke execute on functions from public;

grant select on projects, members, users, share_links, file_versions to atelier_definer;
grant insert, update on members to atelier_definer;
grant select, update on documents to atelier_definer;
grant insert on document_log to atelier_definer;
grant update on projects to atelier_definer;
grant select, insert, delete on project_changes to atelier_definer;

set local role atelier_definer;

-- The caller's role in the project that the transaction is about; null when it may not see it.
create function atelier_role() returns text
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select case
        when p.owner_id = atelier_user() then 'owner'
        when m.role is not null then m.role
        when p.visibility in ('public', 'unlisted') and atelier_user() is not null then 'viewer'
      end
      from projects p
      left join members m on m.project_id = p.id and m.user_id = atelier_user()
      where p.id = atelier_project() and p.deleted_at is null;
  end;

create function atelier_allowed_project() returns uuid
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return (select case when atelier_role() is not null then atelier_project() end);

create function atelier_writable_project() returns uuid
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return (select case when atelier_role() in ('owner', 'editor') then atelier_project() end);

create function atelier_owned_project() returns uuid
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return (select case when atelier_role() = 'owner' then atelier_project() end);

-- Whose blobs the project holds: its owner's.
create function atelier_blob_owner() returns uuid
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select p.owner_id from projects p where p.id = (select atelier_allowed_project());
  end;

create function atelier_writable_blob_owner() returns uuid
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select p.owner_id from projects p where p.id = (select atelier_writable_project());
  end;

-- Names of people whom the caller meets: itself, who shares a project with it, who is in the project at hand.
create function atelier_names(people uuid[]) returns table (id uuid, name text)
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select u.id, u.name from users u
      where u.id = any (people) and (
        u.id = atelier_user()
        or exists (
          select from members them join members me on me.project_id = them.project_id
            where them.user_id = u.id and me.user_id = atelier_user())
        or exists (
          select from members them where them.user_id = u.id and them.project_id = (select atelier_allowed_project())));
  end;

-- Names of those who wrote a file of the project at hand, also when they left it since.
create function atelier_authors(file uuid) returns table (id uuid, name text)
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select u.id, u.name from users u
      where u.id in (
        select v.author_id from file_versions v
          where v.project_id = (select atelier_allowed_project()) and v.file_id = file);
  end;

-- Whether an account exists: an owner may ask, before it makes it a member.
create function atelier_user_exists(person uuid) returns boolean
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select exists (select from users u where u.id = person and u.disabled_at is null)
      and (select atelier_owned_project()) is not null;
  end;

-- Joins the caller to the project of a share link; a higher role stays. Null when there is no such valid link.
create function atelier_accept_link(hash bytea) returns uuid
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  link record;
begin
  if atelier_user() is null then return null; end if;
  select l.project_id, l.role into link
    from share_links l join projects p on p.id = l.project_id
    where l.token_hash = hash and (l.expires_at is null or l.expires_at > now()) and p.deleted_at is null;
  if not found then return null; end if;
  insert into members as m (project_id, user_id, role) values (link.project_id, atelier_user(), link.role)
    on conflict (project_id, user_id) do update set role = excluded.role
      where m.role = 'viewer' and excluded.role = 'editor';
  return link.project_id;
end $$;

-- Counts a change of size and files. Whoever gets the project's row at once folds in what others left; who does not, leaves
-- its change instead of waiting, because it would wait for the other's commit to reach the disk.
create function atelier_count_change(project uuid, size_delta bigint, file_delta integer) returns void
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  left_size bigint;
  left_files integer;
begin
  -- Background work has no user and may reach every project anyway; current_user is the definer here, so the setting is asked.
  if project is distinct from atelier_writable_project() and current_setting('role') <> 'atelier_jobs' then
    raise insufficient_privilege;
  end if;
  perform from projects p where p.id = project for no key update skip locked;
  if found then
    with folded as (delete from project_changes c where c.project_id = project returning c.size_delta, c.file_delta)
      select coalesce(sum(f.size_delta), 0), coalesce(sum(f.file_delta), 0) into left_size, left_files from folded f;
    update projects p
      set size_bytes = p.size_bytes + atelier_count_change.size_delta + left_size,
        file_count = p.file_count + atelier_count_change.file_delta + left_files,
        updated_at = clock_timestamp()
      where p.id = project;
  elsif size_delta <> 0 or file_delta <> 0 then
    insert into project_changes (project_id, size_delta, file_delta)
      values (project, atelier_count_change.size_delta, atelier_count_change.file_delta);
  end if;
end $$;

-- Appends a batch of updates of many documents in one statement and refuses those of an owner that was replaced: a
-- document's row carries the newest fence and generation. `bytes` holds the updates one after the other, because an array of
-- bytea travels as text. Answers the documents that were refused; the others' updates are in the log.
create function append_document_log(
    project_ids uuid[], file_ids uuid[], generations integer[], sequences bigint[], fences bigint[],
    user_ids uuid[], client_ids bigint[], origins text[], lengths integer[], bytes bytea
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
        from unnest(project_ids, file_ids, generations, sequences, fences, user_ids, client_ids, origins, lengths)
          with ordinality
          as b (project_id, file_id, generation, sequence, fence, user_id, client_id, origin, length, place)
    ), appended as (
      insert into document_log
          (project_id, file_id, generation, sequence, fence, user_id, client_id, origin, update)
        select b.project_id, b.file_id, b.generation, b.sequence, b.fence, b.user_id, b.client_id, b.origin,
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

grant execute on function atelier_user(), atelier_project(), atelier_role(), atelier_allowed_project(),
  atelier_writable_project(), atelier_owned_project(), atelier_blob_owner(), atelier_writable_blob_owner(),
  atelier_names(uuid[]), atelier_authors(uuid), atelier_user_exists(uuid), atelier_accept_link(bytea),
  atelier_count_change(uuid, bigint, integer) to atelier_app;
grant execute on function atelier_user(), atelier_project(), atelier_role(), atelier_allowed_project(),
  atelier_writable_project(), atelier_owned_project(), atelier_blob_owner(), atelier_writable_blob_owner(),
  atelier_count_change(uuid, bigint, integer) to atelier_jobs;
grant execute on function append_document_log(
  uuid[], uuid[], integer[], bigint[], bigint[], uuid[], bigint[], text[], integer[], bytea) to atelier_log;

set local role atelier_owner;

-- Fences of leases grow for ever, over every restart.
create sequence document_fence as bigint;
grant usage on sequence document_fence to atelier_jobs;

-- Every table: forced, and open to background work except the audit log.
do $$
declare
  name text;
begin
  for name in select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    if name not in ('audit_log', 'schema_migrations') then
      execute format('grant select, insert, update, delete on %I to atelier_jobs', name);
      execute format('create policy jobs on %I to atelier_jobs using (true) with check (true)', name);
    end if;
  end loop;
end $$;

-- What the functions above may reach.
create policy definer on projects to atelier_definer using (true) with check (true);
create policy definer on project_changes to atelier_definer using (true) with check (true);
create policy definer on members to atelier_definer using (true) with check (true);
create policy definer on users for select to atelier_definer using (true);
create policy definer on share_links for select to atelier_definer using (true);
create policy definer on file_versions for select to atelier_definer using (true);
create policy definer on documents to atelier_definer using (true) with check (true);
create policy definer on document_log for insert to atelier_definer with check (true);

-- Migrations read and note what was applied.
create policy owner on schema_migrations to atelier_owner using (true) with check (true);

-- The audit log takes rows and gives none away; no role may change one.
grant insert on audit_log to atelier_app, atelier_identity, atelier_jobs;
create policy write on audit_log for insert to atelier_app with check (user_id = atelier_user());
create policy write_identity on audit_log for insert to atelier_identity with check (true);
create policy write_jobs on audit_log for insert to atelier_jobs with check (true);

-- Sign-in comes before there is a user.
grant select, insert, update, delete on users, sign_ins, tickets, installation to atelier_identity;
create policy identity on users to atelier_identity using (true) with check (true);
create policy identity on sign_ins to atelier_identity using (true) with check (true);
create policy identity on tickets to atelier_identity using (true) with check (true);
create policy identity on installation to atelier_identity using (true) with check (true);

-- Oneself.
grant select (id, kind, name, email, avatar, plan, is_admin, settings, created_at) on users to atelier_app;
grant update (name, avatar, settings) on users to atelier_app;
create policy self on users to atelier_app using (id = atelier_user()) with check (id = atelier_user());

-- Projects: one's own (also in the bin), those one is a member of, and the one at hand.
grant select, insert on projects to atelier_app;
grant update (name, description, visibility, updated_at, deleted_at) on projects to atelier_app;
create policy see on projects for select to atelier_app using (
  owner_id = (select atelier_user())
  or id = (select atelier_allowed_project())
  or (deleted_at is null
    and id in (select m.project_id from members m where m.user_id = (select atelier_user()))));
create policy make on projects for insert to atelier_app with check (owner_id = (select atelier_user()));
create policy change on projects for update to atelier_app
  using (owner_id = (select atelier_user())) with check (owner_id = (select atelier_user()));

grant select on project_changes to atelier_app;
create policy see on project_changes for select to atelier_app using (
  project_id = (select atelier_allowed_project())
  or project_id in (select m.project_id from members m where m.user_id = (select atelier_user())));

grant select, insert, update, delete on members to atelier_app;
create policy see on members for select to atelier_app using (
  user_id = (select atelier_user()) or project_id = (select atelier_allowed_project()));
create policy add on members for insert to atelier_app with check (
  project_id = (select atelier_owned_project())
  and (role <> 'owner' or user_id = (select atelier_user())));
create policy change on members for update to atelier_app
  using (project_id = (select atelier_owned_project()) and role <> 'owner') with check (role <> 'owner');
create policy remove on members for delete to atelier_app using (
  role <> 'owner'
  and (project_id = (select atelier_owned_project()) or user_id = (select atelier_user())));

grant select, insert, delete on share_links to atelier_app;
create policy owner on share_links to atelier_app
  using (project_id = (select atelier_owned_project())) with check (project_id = (select atelier_owned_project()));

-- What is in a project: seen by who may see it, changed by who may edit it.
grant select, insert, update on nodes to atelier_app;
create policy see on nodes for select to atelier_app using (project_id = (select atelier_allowed_project()));
create policy add on nodes for insert to atelier_app with check (project_id = (select atelier_writable_project()));
create policy change on nodes for update to atelier_app
  using (project_id = (select atelier_writable_project())) with check (project_id = (select atelier_writable_project()));

grant select, insert on file_versions to atelier_app;
create policy see on file_versions for select to atelier_app using (project_id = (select atelier_allowed_project()));
create policy add on file_versions for insert to atelier_app with check (project_id = (select atelier_writable_project()));

grant select, insert on blob_references to atelier_app;
create policy see on blob_references for select to atelier_app using (owner_id = (select atelier_blob_owner()));
create policy add on blob_references for insert to atelier_app
  with check (owner_id = (select atelier_writable_blob_owner()));

grant select, insert on blob_staging to atelier_app;
create policy see on blob_staging for select to atelier_app using (owner_id = (select atelier_blob_owner()));
create policy add on blob_staging for insert to atelier_app with check (owner_id = (select atelier_writable_blob_owner()));

grant select, insert on idempotency_keys to atelier_app;
create policy own on idempotency_keys to atelier_app
  using (user_id = (select atelier_user())) with check (user_id = (select atelier_user()));

grant select, insert, update on editor_states to atelier_app;
create policy own on editor_states to atelier_app
  using (user_id = (select atelier_user()) and project_id = (select atelier_allowed_project()))
  with check (user_id = (select atelier_user()) and project_id = (select atelier_allowed_project()));

-- Live documents are read with the project's rights; they are written by background work and, the log, in batches.
grant select on documents, document_log, document_snapshots to atelier_app;
create policy see on documents for select to atelier_app using (project_id = (select atelier_allowed_project()));
create policy see on document_log for select to atelier_app using (project_id = (select atelier_allowed_project()));
create policy see on document_snapshots for select to atelier_app using (project_id = (select atelier_allowed_project()));
grant insert on document_log to atelier_log;
create policy batch on document_log for insert to atelier_log with check (
  project_id = any ((select current_setting('atelier.project_ids', true))::uuid[]));

-- Executions: one's own, and those of projects one may see.
grant select, insert, update on executions to atelier_app;
create policy see on executions for select to atelier_app using (
  user_id = (select atelier_user())
  or project_id = (select atelier_allowed_project())
  or project_id in (select m.project_id from members m where m.user_id = (select atelier_user())));
create policy add on executions for insert to atelier_app with check (
  user_id = (select atelier_user()) and (project_id is null or project_id = (select atelier_allowed_project())));
create policy change on executions for update to atelier_app
  using (user_id = (select atelier_user())) with check (user_id = (select atelier_user()));
