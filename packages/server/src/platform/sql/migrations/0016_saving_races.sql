-- A save whose rights, project or file vanish while it runs is refused as a whole. Each statement of the function sees the rights
-- of its own moment: an update that finds nothing any more, or a project without an owner, used to be taken for a success.
create or replace function atelier_save_version(
    project uuid, file uuid, expected integer, content_hash text, content_size bigint,
    key text, wrapped bytea, sealed bytea, author uuid, editors uuid[], most_bytes bigint
  ) returns table (outcome text, blob_used boolean, node nodes)
  language plpgsql
as $$
declare
  owner uuid;
begin
  blob_used := false;
  select n.* into node from nodes n
    where n.project_id = project and n.id = file and n.deleted_at is null for no key update;
  outcome := case
    when node.id is null then 'no-such-file'
    when node.kind <> 'file' then 'not-a-file'
    when expected <> node.version then 'version-conflict'
    when node.hash = content_hash then 'unchanged'
    when content_size > node.size and atelier_project_size(project) + content_size - node.size > most_bytes
      then 'too-large'
    else 'saved' end;
  if outcome = 'saved' then
    select p.owner_id into owner from projects p where p.id = project;
    if owner is null then
      raise insufficient_privilege using message = 'the project is not visible any more';
    end if;
    blob_used := atelier_keep_blob(owner, content_hash, content_size, key, wrapped, sealed);
    insert into file_versions (project_id, file_id, version, hash, size, author_id, editor_ids)
      values (project, file, node.version + 1, content_hash, content_size, author, editors);
    perform atelier_count_change(project, content_size - node.size, 0);
    update nodes n set version = n.version + 1, hash = content_hash, size = content_size, updated_at = clock_timestamp()
      where n.project_id = project and n.id = file returning n.* into node;
    if not found then
      raise insufficient_privilege using message = 'the file is not writable any more';
    end if;
  end if;
  return next;
end $$;
