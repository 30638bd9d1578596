-- What a run brought back into its project, and what its output could not say; and whether a project wants that from the editor.
alter table executions add column collected jsonb not null default '[]';
alter table executions add column hints jsonb not null default '[]';
alter table projects add column keep_run_files boolean not null default true;
grant update (keep_run_files) on projects to atelier_app;
