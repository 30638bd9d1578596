-- Who owns what: a home is claimed by one server process (node) at a time.

-- Fences are given out in blocks where one process is alone: the numbers up to the next value belong to whoever got the value.
alter sequence document_fence rename to home_fence;
alter sequence home_fence increment by 1000;

-- A process that serves; it renews its row. A row that has expired never lives again: the process takes another id.
create table server_nodes (
  id uuid primary key,
  -- Where other nodes reach it.
  address text,
  expires_at timestamptz not null
);
create index server_nodes_expiry on server_nodes (expires_at);

-- A home lives as long as its node, so that one statement renews all homes of a process.
create table homes (
  name text primary key,
  fence bigint not null,
  node_id uuid not null references server_nodes (id) on delete cascade
);
create index homes_node on homes (node_id);

do $$
declare
  name text;
begin
  foreach name in array array['server_nodes', 'homes'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('grant select, insert, update, delete on %I to atelier_jobs', name);
    execute format('create policy jobs on %I to atelier_jobs using (true) with check (true)', name);
  end loop;
end $$;
-- The cascade runs with the rights of the tables' owner.
create policy owner on homes to atelier_owner using (true) with check (true);
create policy owner on server_nodes to atelier_owner using (true) with check (true);

-- Claims a home for a living node. No fence: with a holder, another living node has it; without one, the claimant has expired.
-- clock_timestamp(): only the database's clock counts, at the moment when a row is read.
create function atelier_claim_home(
    home_name text, claimant uuid, out claimed_fence bigint, out holder uuid, out holder_address text
  )
  language plpgsql
as $$
begin
  -- One claim of a name after the other, so that fences grow in the order of the claims.
  perform pg_advisory_xact_lock(hashtextextended(home_name, 5287316));
  perform from server_nodes n where n.id = claimant and n.expires_at > clock_timestamp() for key share;
  if not found then return; end if;
  select n.id, n.address into holder, holder_address from homes h join server_nodes n on n.id = h.node_id
    where h.name = home_name and n.id <> claimant and n.expires_at > clock_timestamp();
  if found then return; end if;
  insert into homes (name, fence, node_id) values (home_name, nextval('home_fence'), claimant)
    on conflict (name) do update set fence = excluded.fence, node_id = excluded.node_id
    returning fence into claimed_fence;
end $$;
grant execute on function atelier_claim_home(text, uuid) to atelier_jobs;

-- Executions that a dead node left are looked for again and again.
create index executions_unfinished on executions (id)
  where status in ('queued', 'preparing', 'compiling', 'running');
