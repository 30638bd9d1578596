-- What retention of executions looks for, so that each of its small batches finds its rows at once.
create index executions_ended on executions (ended_at) where ended_at is not null;
create index executions_large_ended on executions (ended_at)
  where ended_at is not null and octet_length(stdout) + octet_length(stderr) > 65536;
create index executions_large_user on executions (user_id, queued_at desc)
  where ended_at is not null and octet_length(stdout) + octet_length(stderr) > 65536;
