-- A save in one statement. The functions run with the caller's rights: row-level security applies to every row they touch.

-- The node at a path, given as its names and their folded keys; null when there is none.
create function atelier_node_at(project uuid, names text[], keys text[]) returns uuid
  language plpgsql stable
as $$
declare
  found_id uuid;
begin
  for i in 1 .. cardinality(names) loop
    select n.id into found_id from nodes n
      where n.project_id = project
        and coalesce(n.parent_id, '00000000-0000-0000-0000-000000000000'::uuid)
          = coalesce(found_id, '00000000-0000-0000-0000-000000000000'::uuid)
        and n.name_key = keys[i] and n.name = names[i] and n.deleted_at is null;
    if not found then return null; end if;
  end loop;
  return found_id;
end $$;

-- The path of a node; null when it is not there.
create function atelier_path_of(project uuid, node uuid) returns text
  language sql stable
as $$
  with recursive up as (
    select n.parent_id, n.name as path from nodes n where n.project_id = project and n.id = node and n.deleted_at is null
    union all
    select n.parent_id, n.name || '/' || up.path from up join nodes n on n.project_id = project and n.id = up.parent_id
  )
  select up.path from up where up.parent_id is null
$$;

-- Notes where content is, once for each owner. `sealed` is null when the body is in the blob store already.
-- False: the owner has this content, the caller's copy is not needed.
create function atelier_keep_blob(
    owner uuid, content_hash text, content_size bigint, key text, wrapped bytea, sealed bytea
  ) returns boolean
  language plpgsql
as $$
begin
  insert into blob_references (owner_id, hash, storage_key, size, wrapped_key)
    values (owner, content_hash, key, content_size, wrapped)
    on conflict (owner_id, hash) do nothing;
  if not found then return false; end if;
  if sealed is not null then
    insert into blob_staging (storage_key, owner_id, sealed) values (key, owner, sealed);
  end if;
  return true;
end $$;

-- Bytes of a project with what is not folded in yet.
create function atelier_project_size(project uuid) returns bigint
  language sql stable
as $$
  select p.size_bytes + coalesce((select sum(c.size_delta) from project_changes c where c.project_id = project), 0)::bigint
    from projects p where p.id = project
$$;

-- The next version of a file. `expected`: the version it must have now, null for any. `most_bytes`: of the project, null for
-- no limit. Outcome: saved, unchanged (the newest version has these bytes), version-conflict, no-such-file, not-a-file,
-- too-large; with the node as it is then.
create function atelier_save_version(
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
    blob_used := atelier_keep_blob(owner, content_hash, content_size, key, wrapped, sealed);
    insert into file_versions (project_id, file_id, version, hash, size, author_id, editor_ids)
      values (project, file, node.version + 1, content_hash, content_size, author, editors);
    perform atelier_count_change(project, content_size - node.size, 0);
    update nodes n set version = n.version + 1, hash = content_hash, size = content_size, updated_at = clock_timestamp()
      where n.project_id = project and n.id = file returning n.* into node;
  end if;
  return next;
end $$;

-- A request's save, by path; also says no-such-project and role-too-low.
create function atelier_put_file(
    names text[], keys text[], expected integer, content_hash text, content_size bigint,
    key text, wrapped bytea, sealed bytea, most_bytes bigint
  ) returns table (outcome text, blob_used boolean, node nodes)
  language plpgsql
as $$
declare
  granted text := atelier_role();
begin
  if granted is null or granted = 'viewer' then
    outcome := case when granted is null then 'no-such-project' else 'role-too-low' end;
    blob_used := false;
    return next;
    return;
  end if;
  return query
    select * from atelier_save_version(
      atelier_project(), atelier_node_at(atelier_project(), names, keys), expected, content_hash, content_size,
      key, wrapped, sealed, atelier_user(), array[atelier_user()], most_bytes);
end $$;

grant execute on function atelier_node_at(uuid, text[], text[]), atelier_path_of(uuid, uuid),
  atelier_keep_blob(uuid, text, bigint, text, bytea, bytea), atelier_project_size(uuid),
  atelier_save_version(uuid, uuid, integer, text, bigint, text, bytea, bytea, uuid, uuid[], bigint)
  to atelier_app, atelier_jobs;
grant execute on function atelier_put_file(text[], text[], integer, text, bigint, text, bytea, bytea, bigint)
  to atelier_app;
