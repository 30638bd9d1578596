-- A share link can be shown again, so its token is kept: sealed by the server, and still found by its hash.
-- Null: the link is from before, and its token is known to nobody but those who were given it.
alter table share_links add column token_sealed bytea;

-- Membership that came by a link ends when the link expires. Null: it does not expire.
alter table members add column expires_at timestamptz;
-- Row-level security is forced on the owner as well, who has no policy here: lifted for this one statement.
alter table members no force row level security;
alter table share_links no force row level security;
update members m set expires_at = l.expires_at
  from share_links l where l.project_id = m.project_id and l.id = m.link_id and l.expires_at is not null;
alter table members force row level security;
alter table share_links force row level security;
create index members_expiry on members (expires_at) where expires_at is not null;
create index members_link on members (project_id, link_id) where link_id is not null;

set local role atelier_definer;

create or replace function atelier_role() returns text
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select case
        when p.owner_id = atelier_user() then 'owner'
        when m.role is not null then m.role
        when p.visibility in ('public', 'unlisted') and atelier_user() is not null then 'viewer'
      end
      from projects p
      left join members m on m.project_id = p.id and m.user_id = atelier_user()
        and (m.expires_at is null or m.expires_at > now())
      where p.id = atelier_project() and p.deleted_at is null;
  end;

create or replace function atelier_names(people uuid[]) returns table (id uuid, name text)
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select u.id, u.name from users u
      where u.id = any (people) and (
        u.id = atelier_user()
        or exists (
          select from members them join members me on me.project_id = them.project_id
            where them.user_id = u.id and me.user_id = atelier_user()
              and (me.expires_at is null or me.expires_at > now()))
        or exists (
          select from members them where them.user_id = u.id and them.project_id = (select atelier_allowed_project())));
  end;

-- As before; a membership lasts as long as its link. Whoever accepts a link of the same role that lasts longer stays longer.
create or replace function atelier_accept_link(hash bytea) returns uuid
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  link record;
begin
  if atelier_user() is null then return null; end if;
  select l.project_id, l.id, l.role, l.expires_at into link
    from share_links l join projects p on p.id = l.project_id
    where l.token_hash = hash and (l.expires_at is null or l.expires_at > now()) and p.deleted_at is null
    for share of l;
  if not found then return null; end if;
  insert into members as m (project_id, user_id, role, link_id, expires_at)
    values (link.project_id, atelier_user(), link.role, link.id, link.expires_at)
    on conflict (project_id, user_id) do update
      set role = excluded.role, link_id = excluded.link_id, expires_at = excluded.expires_at
      where m.expires_at <= now()
        or (m.role = 'viewer' and excluded.role = 'editor')
        or (m.role = excluded.role and m.expires_at < coalesce(excluded.expires_at, 'infinity'));
  return link.project_id;
end $$;

set local role atelier_owner;

alter policy see on projects using (
  owner_id = (select atelier_user())
  or id = (select atelier_allowed_project())
  or (deleted_at is null
    and id in (
      select m.project_id from members m
        where m.user_id = (select atelier_user()) and (m.expires_at is null or m.expires_at > now()))));
alter policy see on project_changes using (
  project_id = (select atelier_allowed_project())
  or project_id in (
    select m.project_id from members m
      where m.user_id = (select atelier_user()) and (m.expires_at is null or m.expires_at > now())));
alter policy see on executions using (
  user_id = (select atelier_user())
  or project_id = (select atelier_allowed_project())
  or project_id in (
    select m.project_id from members m
      where m.user_id = (select atelier_user()) and (m.expires_at is null or m.expires_at > now())));
