-- Invitations to make an account while REGISTRATION=invite: one use, stored by hash only.
create table invitations (
  hash bytea primary key,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
alter table invitations enable row level security;
alter table invitations force row level security;
grant select, insert, delete on invitations to atelier_identity;
create policy identity on invitations to atelier_identity using (true) with check (true);

-- Every server asks twice a second which accounts were disabled since it last asked.
create index users_disabled on users (disabled_at) where disabled_at is not null;
