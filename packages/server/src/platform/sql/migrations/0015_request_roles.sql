-- What requests used to ask as atelier_jobs, whom row-level security does not bind, each as one narrow question. The functions
-- see further than their caller and answer only what the caller may know.
grant select on blob_references, executions to atelier_definer;
create policy definer on blob_references for select to atelier_definer using (true);
create policy definer on executions for select to atelier_definer using (true);

set local role atelier_definer;

-- Bytes that are kept for the account that a save is charged to: the owner of the project at hand, or the caller where no
-- project is. Null to who may not write there.
create function atelier_account_bytes() returns bigint
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select coalesce(sum(b.size), 0)::bigint from blob_references b
      where b.owner_id = case when atelier_project() is null then atelier_user() else atelier_writable_blob_owner() end
      having case when atelier_project() is null then atelier_user() else atelier_writable_blob_owner() end is not null;
  end;

-- The project behind an address, to who may see it.
create function atelier_project_of_slug(wanted text) returns uuid
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select p.id from projects p
      where p.slug = wanted and p.deleted_at is null and atelier_user() is not null
        and (p.owner_id = atelier_user()
          or p.visibility in ('public', 'unlisted')
          or exists (
            select from members m
              where m.project_id = p.id and m.user_id = atelier_user()
                and (m.expires_at is null or m.expires_at > now())));
  end;

-- The project of an execution, null for one without a project; no row to who may not see the execution.
create function atelier_project_of_execution(execution uuid) returns table (project_id uuid)
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select e.project_id from executions e
      where e.id = execution and atelier_user() is not null
        and (e.user_id = atelier_user()
          or exists (
            select from projects p
              where p.id = e.project_id and p.deleted_at is null
                and (p.owner_id = atelier_user()
                  or p.visibility in ('public', 'unlisted')
                  or exists (
                    select from members m
                      where m.project_id = p.id and m.user_id = atelier_user()
                        and (m.expires_at is null or m.expires_at > now())))));
  end;

grant execute on function atelier_account_bytes(), atelier_project_of_slug(text), atelier_project_of_execution(uuid)
  to atelier_app;

set local role atelier_owner;
