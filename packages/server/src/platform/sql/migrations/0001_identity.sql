-- People, their sign-ins, and the audit log.
create table users (
  id uuid primary key,
  kind text not null check (kind in ('guest', 'registered')),
  name text not null,
  email text unique,
  password_hash text,
  avatar text,
  plan text not null default 'free' check (plan in ('free', 'premium', 'enterprise')),
  is_admin boolean not null default false,
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  check ((kind = 'registered') = (email is not null and password_hash is not null))
);

-- A sign-in is a family of refresh tokens: each use replaces the token, a late reuse ends the family.
create table sign_ins (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  current_hash bytea not null,
  previous_hash bytea,
  -- The successor of the previous token, sealed, so that tabs restored together get the same one within 30 s.
  successor_sealed bytea,
  rotated_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index sign_ins_user on sign_ins (user_id);
create index sign_ins_current on sign_ins (current_hash);
create index sign_ins_previous on sign_ins (previous_hash);

create table tickets (
  hash bytea primary key,
  user_id uuid not null,
  sign_in_id uuid not null,
  expires_at timestamptz not null
);

-- Values of the installation itself, such as the hash of the one-time admin link.
create table installation (
  key text primary key,
  value jsonb not null,
  updated_at timestamptz not null default now()
);

create table audit_log (
  id uuid primary key,
  at timestamptz not null default now(),
  user_id uuid,
  action text not null,
  project_id uuid,
  target text,
  address inet,
  request_id text,
  detail jsonb not null default '{}'
);
create index audit_log_user on audit_log (user_id, at);
create index audit_log_project on audit_log (project_id, at);
