-- How often each language is run in each hour of the week, averaged over weeks: what the warm pool expects.
create table execution_demand (
  language text not null,
  -- UTC, from 0: Sunday 0:00 to 1:00
  hour_of_week smallint not null check (hour_of_week between 0 and 167),
  arrivals double precision not null,
  primary key (language, hour_of_week)
);
alter table execution_demand enable row level security;
alter table execution_demand force row level security;
grant select, insert, update, delete on execution_demand to atelier_jobs;
create policy jobs on execution_demand to atelier_jobs using (true) with check (true);
