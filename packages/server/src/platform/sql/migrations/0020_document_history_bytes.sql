-- What a live document keeps beside its file's versions: updates in its log, and snapshots. Counted as they are written, and
-- measured exactly by housekeeping; an account's limit includes it.
alter table documents add column history_bytes bigint not null default 0;
