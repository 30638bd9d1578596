/** Executions as rows: written at admission, completed at the end, read back when they are no longer in memory. */
import { Problem } from "#kernel/problem";
import { findReplay, keepReplay, type Replay } from "#files";
import { isConcurrentModification, type Sql, type Transaction } from "#platform/sql";
import { ExecutionSchema, type Execution } from "@atelier/contracts";
import { insertDelivery } from "./webhooks/webhook-store.ts";

export type InsertOptions = {
  /** The key of the request, which no other execution of the user may have. */
  readonly replay?: Replay | undefined;
  /** Where the end is sent. */
  readonly webhookUrl?: string | undefined;
};

/** A request with the same key was first. */
export class StartedBefore extends Error {
  override readonly name = "StartedBefore";
  readonly executionId: string;
  constructor(executionId: string) {
    super(`started before as ${executionId}`);
    this.executionId = executionId;
  }
}

export interface ExecutionStore {
  /**
   * @throws Problem projects/no-such-project when it is not visible (any more), projects/idempotency-mismatch
   * @throws StartedBefore when the key has an execution
   */
  insert(execution: Execution, options?: InsertOptions): Promise<void>;
  /** The execution that a request with this key started. @throws Problem projects/idempotency-mismatch */
  findReplay(userId: string, replay: Replay): Promise<string | undefined>;
  finish(execution: Execution): Promise<void>;
  /** As `userId` may see it: own ones without a project, and a project's. */
  find(userId: string, id: string): Promise<Execution | undefined>;
  /** A project's latest, newest first, without their output. */
  list(userId: string, projectId: string, limit: number): Promise<Execution[]>;
  /** Ids of all executions that have not ended, whichever node runs them. */
  unfinished(): Promise<string[]>;
  /** Marks those of them that have not ended as `system-error` with the signal SIGKILL; returns how many. */
  fail(ids: readonly string[]): Promise<number>;
}

type Row = {
  readonly id: string;
  readonly project_id: string | null;
  readonly user_id: string;
  readonly language: string;
  readonly runtime_version: string;
  readonly entry_point: string;
  readonly args: unknown;
  readonly tty: boolean;
  readonly limits: unknown;
  readonly file_versions: unknown;
  readonly status: string;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly truncated: boolean;
  readonly stage: string | null;
  readonly sandbox: string | null;
  readonly limits_enforcement: string | null;
  readonly queued_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly usage: unknown;
  readonly code_hash: string;
  readonly waiting_since: Date | null;
  readonly collected: unknown;
  readonly hints: unknown;
  readonly stages: unknown;
  readonly errors: unknown;
  readonly configuration: string | null;
};

const FACTS = `id, project_id, user_id, language, runtime_version, entry_point, args, tty, limits, file_versions, status,
  exit_code, signal, truncated, stage, sandbox, limits_enforcement, queued_at, started_at, ended_at, usage, code_hash, collected,
  hints, waiting_since, configuration, stages, errors`;

const EMPTY = Buffer.alloc(0);

const toExecution = (row: Row): Execution =>
  ExecutionSchema.parse({
    id: row.id,
    projectId: row.project_id,
    userId: row.user_id,
    language: row.language,
    runtime: { id: row.language, version: row.runtime_version },
    entryPoint: row.entry_point,
    args: row.args,
    tty: row.tty,
    limits: row.limits,
    fileVersions: row.file_versions,
    status: row.status,
    exitCode: row.exit_code,
    signal: row.signal,
    stdout: row.stdout.toString("utf8"),
    stderr: row.stderr.toString("utf8"),
    truncated: row.truncated,
    stage: row.stage,
    sandbox: row.sandbox,
    limitsEnforcement: row.limits_enforcement,
    queuedAt: row.queued_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    usage: row.usage,
    codeHash: row.code_hash,
    waitingSince: row.waiting_since?.toISOString() ?? null,
    collected: row.collected,
    hints: row.hints,
    stages: row.stages,
    errors: row.errors,
    configuration: row.configuration ?? undefined,
  } satisfies Record<keyof Omit<Execution, "queuePosition" | "image">, unknown>);

const scopeOf = (userId: string, projectId: string | null) =>
  ({ role: "user", userId, ...(projectId === null ? {} : { projectId }) }) as const;

const insertRow = (transaction: Transaction, execution: Execution): Promise<object[]> =>
  transaction.query(
    `insert into executions (id, project_id, user_id, language, runtime_version, entry_point, args, tty, limits,
       file_versions, status, queued_at, usage, code_hash, configuration)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      execution.id,
      execution.projectId,
      execution.userId,
      execution.language,
      execution.runtime.version,
      execution.entryPoint,
      JSON.stringify(execution.args),
      execution.tty,
      JSON.stringify(execution.limits),
      JSON.stringify(execution.fileVersions),
      execution.status,
      execution.queuedAt,
      JSON.stringify(execution.usage),
      execution.codeHash,
      execution.configuration ?? null,
    ],
  );

const updateRow = (transaction: Transaction, execution: Execution): Promise<object[]> =>
  transaction.query(
    `update executions set status = $2, exit_code = $3, signal = $4, stdout = $5, stderr = $6, truncated = $7,
       stage = $8, sandbox = $9, limits_enforcement = $10, started_at = $11, ended_at = $12, usage = $13, collected = $14, hints = $15,
       waiting_since = $16, stages = $17, errors = $18
     where id = $1 returning id`,
    [
      execution.id,
      execution.status,
      execution.exitCode,
      execution.signal,
      Buffer.from(execution.stdout),
      Buffer.from(execution.stderr),
      execution.truncated,
      execution.stage,
      execution.sandbox,
      execution.limitsEnforcement,
      execution.startedAt,
      execution.endedAt,
      JSON.stringify(execution.usage),
      JSON.stringify(execution.collected),
      JSON.stringify(execution.hints),
      execution.waitingSince,
      JSON.stringify(execution.stages),
      JSON.stringify(execution.errors),
    ],
  );

export const createExecutionStore = (sql: Sql): ExecutionStore => ({
  async insert(execution, { replay, webhookUrl } = {}) {
    const { id: executionId, userId, queuedAt } = execution;
    try {
      await sql.transaction(scopeOf(userId, execution.projectId), async (transaction) => {
        const first = replay && (await findReplay<{ executionId: string }>(transaction, userId, replay));
        if (first !== undefined) throw new StartedBefore(first.executionId);
        await insertRow(transaction, execution);
        if (replay !== undefined) {
          await keepReplay(transaction, { userId, replay, status: 202, answer: { executionId } });
        }
        if (webhookUrl !== undefined) {
          await insertDelivery(transaction, { executionId, userId, url: webhookUrl, at: queuedAt });
        }
      });
    } catch (error) {
      // The user lost the right to the project after it was checked.
      if (isConcurrentModification(error)) throw new Problem("projects/no-such-project", undefined, { cause: error });
      throw error;
    }
  },
  findReplay: (userId, replay) =>
    sql.transaction(
      { role: "user", userId },
      async (transaction) => (await findReplay<{ executionId: string }>(transaction, userId, replay))?.executionId,
    ),
  async finish(execution) {
    const rows = await sql.transaction(scopeOf(execution.userId, execution.projectId), (transaction) =>
      updateRow(transaction, execution),
    );
    if (rows.length !== 1) throw new Error(`execution ${execution.id} has no row to complete`);
  },
  async find(userId, id) {
    // Which project it belongs to, and no more: row-level security shows runs of others in the project at hand only.
    const found = await sql.transaction({ role: "user", userId }, (transaction) =>
      transaction.query<{ project_id: string | null }>("select project_id from atelier_project_of_execution($1)", [id]),
    );
    if (found[0] === undefined) return undefined;
    const rows = await sql.transaction(scopeOf(userId, found[0].project_id), (transaction) =>
      transaction.query<Row>(`select ${FACTS}, stdout, stderr from executions where id = $1`, [id]),
    );
    return rows[0] === undefined ? undefined : toExecution(rows[0]);
  },
  async list(userId, projectId, limit) {
    const rows = await sql.transaction({ role: "user", userId, projectId }, (transaction) =>
      transaction.query<Omit<Row, "stdout" | "stderr">>(
        `select ${FACTS} from executions where project_id = $1 order by queued_at desc, id desc limit $2`,
        [projectId, limit],
      ),
    );
    return rows.map((row) => toExecution({ ...row, stdout: EMPTY, stderr: EMPTY }));
  },
  async unfinished() {
    const rows = await sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query<{ id: string }>(
        "select id from executions where status in ('queued', 'preparing', 'compiling', 'running')",
      ),
    );
    return rows.map(({ id }) => id);
  },
  async fail(ids) {
    const rows = await sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query(
        `update executions set status = 'system-error', signal = 'SIGKILL', ended_at = now()
         where id = any ($1) and status in ('queued', 'preparing', 'compiling', 'running') returning id`,
        [ids],
      ),
    );
    return rows.length;
  },
});
