-- How each stage of a run ended and what it used, and where the program or its compiler failed.
alter table executions add column stages jsonb not null default '[]';
alter table executions add column errors jsonb not null default '[]';
