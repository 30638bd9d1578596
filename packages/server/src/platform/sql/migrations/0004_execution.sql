-- Executions: bounded runs and how they ended.
create table executions (
  id uuid primary key,
  project_id uuid,
  user_id uuid not null,
  language text not null,
  runtime_version text not null,
  entry_point text not null,
  args jsonb not null,
  tty boolean not null,
  limits jsonb not null,
  file_versions jsonb not null default '{}',
  status text not null,
  exit_code integer,
  signal text,
  stdout text not null default '',
  stderr text not null default '',
  truncated boolean not null default false,
  stage text,
  sandbox text,
  limits_enforcement text,
  queued_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  usage jsonb not null,
  code_hash text not null
);
create index executions_project on executions (project_id, queued_at desc) where project_id is not null;
create index executions_user on executions (user_id, queued_at desc);
