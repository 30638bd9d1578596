-- A checkpoint is noted before it is saved: after a crash between the two, the version that the file got is recognised as
-- the document's own instead of being merged as somebody else's.
alter table documents
  add column saving_sequence bigint,
  add column saving_hash text,
  add check ((saving_sequence is null) = (saving_hash is null));
