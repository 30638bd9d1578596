/** The tabs and cursors that the page stores for each user and project. */
import type { Transaction } from "#platform/sql";
import type { ProjectUser } from "./project-scope.ts";

export type EditorState = Record<string, unknown>;

/** Empty when none is stored. */
export const readEditorState = async (
  transaction: Transaction,
  { projectId, userId }: ProjectUser,
): Promise<EditorState> => {
  const rows = await transaction.query<{ state: EditorState }>(
    "select state from editor_states where project_id = $1 and user_id = $2",
    [projectId, userId],
  );
  return rows[0]?.state ?? {};
};

export const writeEditorState = async (
  transaction: Transaction,
  { projectId, userId }: ProjectUser,
  state: Readonly<EditorState>,
): Promise<void> => {
  await transaction.query(
    `insert into editor_states (project_id, user_id, state) values ($1, $2, $3)
      on conflict (project_id, user_id) do update set state = excluded.state, updated_at = now()`,
    [projectId, userId, JSON.stringify(state)],
  );
};
