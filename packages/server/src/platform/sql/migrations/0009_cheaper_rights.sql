-- The same answers for less: a save asks for rights a dozen times. What only compares needs no rights of its own, so it is
-- inlined into the statement; what reads does it in one query.
set local role atelier_definer;

create or replace function atelier_allowed_project() returns uuid
  language sql stable
  return case when atelier_role() is not null then atelier_project() end;
alter function atelier_allowed_project() reset all;

create or replace function atelier_writable_project() returns uuid
  language sql stable
  return case when atelier_role() in ('owner', 'editor') then atelier_project() end;
alter function atelier_writable_project() reset all;

create or replace function atelier_owned_project() returns uuid
  language sql stable
  return case when atelier_role() = 'owner' then atelier_project() end;
alter function atelier_owned_project() reset all;

create or replace function atelier_blob_owner() returns uuid
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select p.owner_id from projects p where p.id = atelier_project() and (select atelier_role()) is not null;
  end;

create or replace function atelier_writable_blob_owner() returns uuid
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select p.owner_id from projects p where p.id = atelier_project() and (select atelier_role()) in ('owner', 'editor');
  end;

set local role atelier_owner;

-- Sealed bytes do not compress: trying to costs more than the rest of a save.
alter table blob_staging alter column sealed set storage external;
