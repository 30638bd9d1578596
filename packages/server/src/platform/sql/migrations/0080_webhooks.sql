-- Executions whose end is sent to a URL. A row is pending until it was delivered or given up; it goes with its execution.
create table webhook_deliveries (
  execution_id uuid primary key references executions (id) on delete cascade,
  user_id uuid not null,
  url text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
  -- Attempts that have begun. While one is made, next_at is the time at which another node may take it for lost.
  tries integer not null default 0,
  next_at timestamptz not null,
  last_status integer,
  last_error text,
  finished_at timestamptz
);
create index webhook_deliveries_due on webhook_deliveries (next_at) where state = 'pending';
create index webhook_deliveries_user on webhook_deliveries (user_id) where state = 'pending';

-- Secrets are derived from the server's key, the user and this number: rotating one counts up.
create table webhook_secrets (
  user_id uuid primary key,
  generation integer not null,
  -- Until then deliveries are also signed with the generation before.
  previous_until timestamptz not null
);

do $$
declare
  name text;
begin
  foreach name in array array['webhook_deliveries', 'webhook_secrets'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('grant select, insert, update, delete on %I to atelier_jobs', name);
    execute format('create policy jobs on %I to atelier_jobs using (true) with check (true)', name);
  end loop;
end $$;
-- The cascade runs with the rights of the table's owner.
create policy owner on webhook_deliveries to atelier_owner using (true) with check (true);

grant select, insert on webhook_deliveries to atelier_app;
create policy own on webhook_deliveries to atelier_app
  using (user_id = (select atelier_user())) with check (user_id = (select atelier_user()));
grant select, insert, update on webhook_secrets to atelier_app;
create policy own on webhook_secrets to atelier_app
  using (user_id = (select atelier_user())) with check (user_id = (select atelier_user()));
