/** The rules of executions: who may run what, within which limits, who sees it, and what is kept. */
import type { Actor } from "#kernel/actor";
import type { Clock } from "#kernel/clock";
import { createId, isId } from "#kernel/ids";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { Bus } from "#platform/bus";
import type { Homes, HomesNode } from "#platform/homes";
import type { Replay } from "#files";
import type { Projects } from "#projects";
import {
  type Execution,
  hasEnded,
  IDLE_LIMIT_MS,
  type Role,
  type RunConfiguration,
  type StartExecution,
} from "@atelier/contracts";
import type { Admission, Slot } from "./admission.ts";
import type { EndRecorder } from "./end-recorder.ts";
import { createCurrentStates } from "./current-states.ts";
import * as errors from "./errors.ts";
import type { ExecutionMetrics } from "./execution-metrics.ts";
import type { ExecutionRegistry } from "./execution-registry.ts";
import { type ExecutionStore, type InsertOptions, StartedBefore } from "./execution-store.ts";
import type { ExecutionsElsewhere } from "./executions-elsewhere.ts";
import type { WaitingRuns } from "./waiting-runs.ts";
import { createFileBudget, type FileReservation } from "./file-budget.ts";
import type { JobFiles } from "./job-files.ts";
import type { ImagePreparation } from "./image-preparation.ts";
import type { KnownLanguage, LanguageCatalog, SandboxPlan } from "./language-catalog.ts";
import type { JobFile } from "./run-job.ts";
import { findHints } from "./languages/line-end-hints.ts";
import { homeOfExecution } from "./left-behind.ts";
import { LiveExecution } from "./live-execution.ts";
import { resolveLimits } from "./plan-limits.ts";
import { configurationsOfProject } from "./project-configurations.ts";
import type { SandboxLimits } from "./run/ports.ts";
import { floorsOf, planRun, requireLanguage, type StageFloors } from "./run-plan.ts";
import type { Program, Runner } from "./runner.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";
import { type FilesReader, readGivenFiles, readProjectFiles, type SourceFiles } from "./source-files.ts";

/** What runs programs, or a sentence for users on why nothing does. */
export type Engine = { readonly runner: Runner } | { readonly unavailableReason: string };

export type ServiceNeeds = {
  readonly projects: Pick<Projects, "requireRole" | "roleOf">;
  readonly files: FilesReader;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ExecutionMetrics;
  readonly admission: Admission;
  readonly registry: ExecutionRegistry;
  readonly store: ExecutionStore;
  readonly homes: Homes;
  readonly elsewhere: ExecutionsElsewhere;
  readonly recorder: EndRecorder;
  readonly languages: LanguageCatalog;
  readonly contents: Pick<JobFiles, "add" | "forget">;
  readonly preparation: ImagePreparation;
  /** Called for each execution, because a provider may be adopted later. */
  readonly engine: () => Engine;
  readonly waitingRuns: WaitingRuns;
  readonly webhooks: Pick<Webhooks, "check" | "wake">;
  readonly maxProgramBytes: number;
  /** Told the language of every execution that was admitted. */
  readonly arrived: (language: string) => void;
};

/** An execution that somebody may follow. */
export type Followed = {
  readonly source:
    | { readonly live: LiveExecution }
    /** `elsewhere`: it has not ended, and another node runs it. */
    | { readonly stored: Execution; readonly elsewhere?: HomesNode };
  /** May the follower type, signal and resize? */
  readonly mayControl: boolean;
};

/** A new execution, or the id of the one that the first request with the key made. */
export type Submitted = { readonly live: LiveExecution } | { readonly firstId: string };

export interface ExecutionService {
  /**
   * Admits an execution; it goes on by itself. `interactive` false: nobody can type, so input ends with `stdin`.
   * @throws Problem as the route startExecution says.
   */
  submit(actor: Actor, request: StartExecution, options: { readonly interactive: boolean }): Promise<LiveExecution>;
  /**
   * As `submit`, but a repeated request is answered with the id of the first one's execution.
   * @throws Problem projects/idempotency-mismatch
   */
  submitOnce(
    actor: Actor,
    request: StartExecution,
    options: { readonly interactive: boolean; readonly replay: Replay },
  ): Promise<Submitted>;
  /** The execution once it has ended, or as it is when the signal is aborted. @throws as `find` */
  ended(actor: Actor, id: string, signal: AbortSignal): Promise<Execution>;
  /** @throws Problem execution/no-such-execution when there is none or it is not visible. */
  find(actor: Actor, id: string): Promise<Execution>;
  follow(actor: Pick<Actor, "userId">, id: string): Promise<Followed>;
  /** Stops it if it runs. @throws Problem execution/no-such-execution, projects/role-too-low. */
  stop(actor: Actor, id: string): Promise<Execution>;
  list(actor: Actor, projectId: string): Promise<Execution[]>;
  /** What Run can do in the project. @throws Problem projects/no-such-project; as LiveFiles.readAll */
  configurations(actor: Actor, projectId: string): Promise<RunConfiguration[]>;
  /** Announces a state to everybody in the project. */
  announce(live: LiveExecution): void;
  /** Refuses new executions and ends the others; resolves when all of that is recorded. */
  close(): Promise<void>;
}

/** An execution before its place in the queue. */
type Prepared = {
  readonly live: LiveExecution;
  readonly program: Omit<Program, "kind">;
  readonly sandbox: SandboxPlan;
  readonly stdin: Uint8Array | undefined;
};

const LISTED = 50;
/** How often an execution of another node is looked at while a caller waits for its end. */
const LOOK_AGAIN_MS = 500;
/** Names and values of variables count separately. */
const MAX_TEXTS = 512;
const MAX_TEXT_BYTES = 524_288;

const canEdit = (role: Role): boolean => role === "owner" || role === "editor";

export const createExecutionService = (needs: ServiceNeeds): ExecutionService => {
  const { projects, bus, clock, log, metrics, admission, registry, store, homes, recorder, languages, engine } = needs;
  const working = new Set<Promise<void>>();
  const fileBudget = createFileBudget();
  const currentStates = createCurrentStates(needs);
  let closing = false;

  const announce = (live: LiveExecution): void => {
    const { projectId } = live.facts;
    if (projectId === null) return;
    const { stdout: _stdout, stderr: _stderr, ...execution } = live.snapshot({ output: false });
    bus.publish("project-event", { projectId, event: { type: "execution", execution } });
  };

  const requireRunner = (): Runner => {
    const found = engine();
    if ("runner" in found) return found.runner;
    metrics.refused("unavailable");
    throw errors.executionUnavailable(found.unavailableReason);
  };

  const checkArguments = ({
    args = [],
    env = {},
    stdin = "",
  }: Pick<StartExecution, "args" | "env" | "stdin">): void => {
    if (!stdin.isWellFormed()) throw errors.invalidField("stdin", "Texts are well-formed Unicode.");
    const given = { args, env: Object.entries(env).flat() };
    for (const at of ["args", "env"] as const) {
      const texts = given[at];
      if (!texts.every((text) => text.isWellFormed())) throw errors.invalidField(at, "Texts are well-formed Unicode.");
      const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      if (texts.length > MAX_TEXTS || bytes > MAX_TEXT_BYTES) {
        throw errors.invalidField(at, "At most 256 arguments and 256 variables, of 512 KiB each together.");
      }
    }
  };

  const readSources = async (
    actor: Actor,
    { projectId, files }: StartExecution,
    reservation: FileReservation,
  ): Promise<SourceFiles> => {
    const options = { maxBytes: needs.maxProgramBytes, reservation };
    const sources =
      projectId === undefined
        ? readGivenFiles(files ?? [], options)
        : await readProjectFiles(needs.files, { actor, projectId, ...options });
    return sources;
  };

  const prepare = async (
    actor: Actor,
    request: StartExecution,
    { named, reservation }: { readonly named: KnownLanguage | undefined; readonly reservation: FileReservation },
  ): Promise<Prepared> => {
    const limitsWith = (floors: StageFloors): { limits: SandboxLimits; compileLimits: SandboxLimits } => ({
      limits: resolveLimits({ plan: actor.plan, asked: request.limits, floors: floors.run }),
      compileLimits: resolveLimits({ plan: actor.plan, asked: request.compileLimits, floors: floors.compile }),
    });
    // What is wrong in the request itself is refused before anything is read.
    if (named !== undefined) limitsWith(floorsOf(named.declaration));
    checkArguments(request);
    const sources = await readSources(actor, request, reservation);
    const plan = planRun(request, named, { languages, files: sources.files });
    const { language, entryPoint, args, env } = plan;
    if (plan.sandbox.missing.length > 0 && !needs.preparation.isPossible)
      throw errors.languageNotReady(language.declaration.name);
    const { limits, compileLimits } = limitsWith(plan.floors);
    checkArguments({ args: [...args], env: { ...env } });
    const live = new LiveExecution(
      {
        id: createId(clock.now()),
        projectId: request.projectId ?? null,
        userId: actor.userId,
        language: language.declaration.id,
        runtime: { id: language.declaration.id, version: language.version },
        entryPoint,
        args,
        tty: request.tty ?? false,
        terminalSize: request.terminalSize,
        limits,
        fileVersions: sources.fileVersions,
        codeHash: sources.codeHash,
        queuedAtMs: clock.now(),
        hints: findHints(language.declaration, { entryPoint, files: sources.files }),
        ...(plan.configuration === undefined ? {} : { configuration: plan.configuration }),
      },
      clock,
    );
    const { projectId, collect } = request;
    const { fileVersions } = sources;
    const executionId = live.facts.id;
    const files = sources.files.map(({ path, hash, size, executable, ref }): JobFile => ({
      path,
      hash,
      size,
      executable,
      ref,
    }));
    needs.contents.add(
      executionId,
      files,
      sources.files.map(({ bytes }) => bytes),
    );
    // Of a project only what is cached stays in memory.
    reservation.resize(projectId === undefined ? sources.totalBytes : 0);
    const program: Omit<Program, "kind"> = {
      job: {
        executionId,
        userId: actor.userId,
        files,
        ...(plan.compile === undefined ? {} : { compile: { steps: plan.compile, env, limits: compileLimits } }),
        run: { argv: plan.run, env, limits },
        ...(collect === undefined ? {} : { collect }),
        ...(projectId === undefined ? {} : { keep: { actor, projectId, fileVersions } }),
      },
    };
    return { live, program, sandbox: plan.sandbox, stdin: plan.stdin };
  };

  /** The row is inserted once the home is claimed, so that no other node takes the execution for an abandoned one. */
  const insert = (
    live: LiveExecution,
    more: InsertOptions,
  ): { readonly inserted: Promise<void>; readonly release: () => Promise<void> } => {
    const home = homes.claim(homeOfExecution(live.facts.id));
    return {
      inserted: home.then(() => store.insert(live.snapshot({ output: false }), more)),
      release: () =>
        home.then(
          (claimed) => claimed.release(),
          () => undefined,
        ),
    };
  };

  const afterEnd = async (
    live: LiveExecution,
    { inserted, release, hasWebhook }: ReturnType<typeof insert> & { readonly hasWebhook: boolean },
  ): Promise<void> => {
    await live.ended;
    announce(live);
    metrics.ended(live.facts.language, live.snapshot({ output: false }).status);
    try {
      await recorder.record(live, inserted);
      if (hasWebhook) needs.webhooks.wake();
    } finally {
      await release();
    }
  };

  const track = (task: Promise<void>): Promise<void> => {
    const tracked: Promise<void> = task
      .catch((error: unknown) => log.error("execution.unexpected", { error }))
      .finally(() => working.delete(tracked));
    working.add(tracked);
    return tracked;
  };

  const reserve = (actor: Actor): Slot => {
    try {
      return admission.reserve(actor);
    } catch (error) {
      metrics.refused("queue-full");
      throw error;
    }
  };

  /** A slot in the queue and memory for the files, both given back by one call. */
  const admit = async (actor: Actor, request: StartExecution, named: KnownLanguage | undefined) => {
    const slot = reserve(actor);
    let reservation: FileReservation | undefined;
    try {
      reservation = fileBudget.reserve(actor.userId, 0);
      const prepared = await prepare(actor, request, { named, reservation });
      if (closing) throw errors.serverStopping();
      const reserved = reservation;
      const { executionId } = prepared.program.job;
      const leave = (): void => {
        slot.leave();
        reserved.release();
        needs.contents.forget(executionId);
      };
      return { ...prepared, slot, leave };
    } catch (error) {
      slot.leave();
      reservation?.release();
      throw error;
    }
  };

  const requireVisible = async (
    userId: string,
    facts: { projectId: string | null; userId: string },
  ): Promise<Role | undefined> => {
    if (facts.projectId === null) {
      if (facts.userId !== userId) throw errors.noSuchExecution();
      return undefined;
    }
    const role = await projects.roleOf(userId, facts.projectId);
    if (role === undefined) throw errors.noSuchExecution();
    return role;
  };

  const findSource = async (userId: string, id: string): Promise<Followed["source"] | undefined> => {
    const live = registry.get(id);
    if (live !== undefined) return { live };
    const stored = await store.find(userId, id);
    if (stored === undefined || hasEnded(stored.status)) return stored && { stored };
    const where = await homes.find(homeOfExecution(id));
    if (where.at === "node") return { stored, elsewhere: where.node };
    // Its node died, or stored the end just now.
    if (where.at === "nobody") await store.fail([id]);
    const ended = await store.find(userId, id);
    return ended && { stored: ended };
  };

  const follow = async ({ userId }: Pick<Actor, "userId">, id: string): Promise<Followed> => {
    if (!isId(id)) throw errors.noSuchExecution();
    const source = await findSource(userId, id);
    if (source === undefined) throw errors.noSuchExecution();
    const facts = "live" in source ? source.live.facts : source.stored;
    const role = await requireVisible(userId, facts);
    return { source, mayControl: facts.userId === userId || (role !== undefined && canEdit(role)) };
  };

  /** The row: it has the end of an execution that has ended. */
  const requireStored = async ({ userId }: Actor, id: string): Promise<Execution> => {
    const stored = await store.find(userId, id);
    if (stored === undefined) throw errors.noSuchExecution();
    return stored;
  };

  const find = async (actor: Actor, id: string): Promise<Execution> => {
    const { source } = await follow(actor, id);
    if ("live" in source) return source.live.snapshot({ output: true });
    if (source.elsewhere === undefined) return source.stored;
    return (await needs.elsewhere.find(source.elsewhere, id)) ?? requireStored(actor, id);
  };

  const start = async (
    actor: Actor,
    request: StartExecution,
    { interactive, replay }: { readonly interactive: boolean; readonly replay?: Replay },
  ): Promise<Submitted> => {
    if (closing) throw errors.serverStopping();
    if (request.projectId !== undefined) await projects.requireRole(actor, request.projectId, "editor");
    const known = replay && (await store.findReplay(actor.userId, replay));
    if (known !== undefined) return { firstId: known };
    if (request.webhookUrl !== undefined) await needs.webhooks.check(actor.userId, request.webhookUrl);
    const runner = requireRunner();
    const named = request.language === undefined ? undefined : requireLanguage(languages, request.language);
    const { live, program, sandbox, stdin, slot, leave } = await admit(actor, request, named);
    needs.arrived(live.facts.language);
    if (stdin !== undefined) void live.input.write(stdin);
    if (!interactive || (stdin !== undefined && request.tty !== true)) live.input.end();
    registry.add(live);
    // The row is written while the sandbox is being claimed: the answer waits for both, the program only for its own.
    const row = insert(live, { replay, webhookUrl: request.webhookUrl });
    const { inserted } = row;
    if (replay !== undefined) {
      // With a key the program starts after the row: a concurrent request with the same key may be the first.
      try {
        await inserted;
      } catch (error) {
        registry.remove(live);
        leave();
        await row.release();
        if (error instanceof StartedBefore) return { firstId: error.executionId };
        throw error;
      }
    }
    void track(afterEnd(live, { ...row, hasWebhook: request.webhookUrl !== undefined }));
    let isGone = Promise.resolve();
    // Clients get the end before the sandbox is removed; the slot is free only after that.
    void live.ended.then(() => isGone).then(leave);
    const patience = {
      idleMs: IDLE_LIMIT_MS,
      begin() {
        const may = needs.waitingRuns.add(live);
        if (may) slot.rest();
        return may;
      },
      end() {
        needs.waitingRuns.remove(live);
        slot.wake();
      },
    };
    const enter = (): void => {
      // It may have been stopped while its image was being built.
      if (live.state.status === "ended") return;
      slot.enter({
        begin() {
          const begun = { ...program, kind: sandbox.kind(), ...(live.input.open ? { patience } : {}) };
          isGone = track(runner(live, begun));
        },
        moved: (position) => {
          live.queuePosition = position;
          live.announce();
        },
      });
    };
    if (sandbox.missing.length === 0) enter();
    else void track(needs.preparation.prepare(live, sandbox.missing).then(enter));
    if (live.state.status === "queued") announce(live);
    try {
      await inserted;
    } catch (error) {
      live.cancel();
      registry.remove(live);
      throw error;
    }
    return { live };
  };
  return {
    announce,
    follow,
    find,
    async submit(actor, request, { interactive }) {
      const started = await start(actor, request, { interactive });
      if ("live" in started) return started.live;
      throw new Error("an execution without a key was started before");
    },
    submitOnce: start,
    async ended(actor, id, signal) {
      const left = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      for (;;) {
        const { source } = await follow(actor, id);
        if ("live" in source) await Promise.race([source.live.ended, left]);
        const execution = await find(actor, id);
        if (hasEnded(execution.status) || signal.aborted) return execution;
        // Another node runs it.
        await Promise.race([left, new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve))]);
      }
    },
    async stop(actor, id) {
      const { source, mayControl } = await follow(actor, id);
      if (!mayControl) throw new Problem("projects/role-too-low", "Stopping a run needs the right to edit.");
      if ("stored" in source) {
        if (source.elsewhere === undefined) return source.stored;
        return (await needs.elsewhere.stop(source.elsewhere, id)) ?? requireStored(actor, id);
      }
      source.live.cancel();
      await source.live.ended;
      return source.live.snapshot({ output: true });
    },
    configurations: (actor, projectId) =>
      configurationsOfProject(needs.files, { actor, projectId, environment: languages.environment() }),
    async list(actor, projectId) {
      await projects.requireRole(actor, projectId, "viewer");
      const rows = (): Promise<Execution[]> => store.list(actor.userId, projectId, LISTED);
      return currentStates(await rows(), rows);
    },
    async close() {
      closing = true;
      for (const live of registry.unended()) live.cancel();
      await Promise.all(working);
    },
  };
};
