-- A run that ended while it waited for input: since when it did.
alter table executions add column waiting_since timestamptz;
