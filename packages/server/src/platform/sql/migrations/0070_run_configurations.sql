-- The name of the run configuration that an execution was started by; null: a language and a file.
alter table executions add column configuration text;
