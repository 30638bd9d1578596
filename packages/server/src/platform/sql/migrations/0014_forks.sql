-- A fork by somebody else holds the same stored bytes under its own owner's key: a reference may name a storage key that
-- another owner's reference names too. Bodies that still wait in the staging table are then read by both.
alter policy see on blob_staging using (
  owner_id = (select atelier_blob_owner())
  or exists (
    select from blob_references b
      where b.storage_key = blob_staging.storage_key and b.owner_id = (select atelier_blob_owner())));
