-- Whether the caller may see the project at hand, or could until it was moved to the bin: an archive that is being sent when that happens
-- is sent to its end, and one whose reader lost the right is not.
set local role atelier_definer;

create function atelier_may_finish_archive() returns boolean
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  begin atomic
    select exists (
      select from projects p
        where p.id = atelier_project() and atelier_user() is not null
          and (p.owner_id = atelier_user()
            or p.visibility in ('public', 'unlisted')
            or exists (
              select from members m
                where m.project_id = p.id and m.user_id = atelier_user()
                  and (m.expires_at is null or m.expires_at > now()))));
  end;

grant execute on function atelier_may_finish_archive() to atelier_app;

set local role atelier_owner;
