-- Who came into a project by a share link goes when the link is revoked. Null: the owner gave the role, or it is from before.
alter table members add column link_id uuid;

-- An accepting caller holds the link's row until it has joined, so that a revocation at the same moment finds it.
grant update (expires_at) on share_links to atelier_definer;
create policy definer_lock on share_links for update to atelier_definer using (true) with check (false);

set local role atelier_definer;

create or replace function atelier_accept_link(hash bytea) returns uuid
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  link record;
begin
  if atelier_user() is null then return null; end if;
  select l.project_id, l.id, l.role into link
    from share_links l join projects p on p.id = l.project_id
    where l.token_hash = hash and (l.expires_at is null or l.expires_at > now()) and p.deleted_at is null
    for share of l;
  if not found then return null; end if;
  insert into members as m (project_id, user_id, role, link_id)
    values (link.project_id, atelier_user(), link.role, link.id)
    on conflict (project_id, user_id) do update set role = excluded.role, link_id = excluded.link_id
      where m.role = 'viewer' and excluded.role = 'editor';
  return link.project_id;
end $$;

set local role atelier_owner;
