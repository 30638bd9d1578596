/** Executions and languages. */
import { z } from "zod";
import { CreateFileSchema, EncodingSchema } from "./file.ts";
import { PathSchema } from "./path-schema.ts";
import { ConfigurationNameSchema } from "./run-configuration.ts";
import { ProblemSchema } from "./problem.ts";
import { IdSchema, textUpTo, TimeSchema } from "./shapes.ts";

export const ExecutionStatusSchema = z.enum([
  "queued",
  "preparing",
  "compiling",
  "running",
  "succeeded",
  "failed",
  "compile-failed",
  "timed-out",
  "cpu-limit",
  "out-of-memory",
  "output-limit",
  "killed",
  "cancelled",
  "system-error",
]);
export type ExecutionStatus = z.infer<typeof ExecutionStatusSchema>;

const LIVE: ReadonlySet<ExecutionStatus> = new Set(["queued", "preparing", "compiling", "running"]);
/** True once the status can't change any more. */
export const hasEnded = (status: ExecutionStatus): boolean => !LIVE.has(status);

const count = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
export const LimitsSchema = z.strictObject({
  wallMs: count.optional(),
  cpuMs: count.optional(),
  memoryBytes: count.optional(),
  outputBytes: count.optional(),
});

const ArgumentSchema = textUpTo(32_768);
const EnvironmentSchema = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/u), ArgumentSchema);

const dimension = z.int().min(1).max(1000);
/** The input that a request may give, as a text or by a file. */
export const MAX_STDIN_BYTES = 1_048_576;

/** The size of a terminal, in characters. */
export const TerminalSizeSchema = z.strictObject({ columns: dimension, rows: dimension });

/** Idle limit: a run that waits for input ends as `timed-out` when nobody has typed for this long. */
export const IDLE_LIMIT_MS = 600_000;

/** Limits on the files that one run brings into the project. */
export const MAX_COLLECTED_FILES = 100;
export const MAX_COLLECTED_BYTES = 20 * 1_048_576;

const WebhookUrlSchema = z.url({ protocol: /^https?$/u }).max(2048);

export const StartExecutionSchema = z
  .strictObject({
    projectId: IdSchema.optional(),
    files: z
      .array(
        z.strictObject({
          path: PathSchema,
          content: CreateFileSchema.shape.content,
          encoding: EncodingSchema.optional(),
        }),
      )
      .min(1)
      .max(500)
      .optional(),
    language: z.string().min(1).max(64).optional(),
    entryPoint: PathSchema.optional(),
    configuration: ConfigurationNameSchema.optional().meta({
      description:
        "In the place of `language` and `entryPoint`: the name of a configuration of the project, from its atelier.json or inferred. `args` and `stdin` replace its own, `env` is added.",
    }),
    args: z.array(ArgumentSchema).max(256).optional(),
    stdin: z.string().max(MAX_STDIN_BYTES).optional(),
    stdinFile: PathSchema.optional().meta({ description: "A file whose content is the whole input, up to 1 MiB." }),
    env: EnvironmentSchema.optional(),
    tty: z.boolean().optional(),
    terminalSize: TerminalSizeSchema.optional().meta({
      description: "The size of the terminal at the start of a run with `tty`; without it 80 columns and 24 rows.",
    }),
    limits: LimitsSchema.optional(),
    compileLimits: LimitsSchema.optional(),
    webhookUrl: WebhookUrlSchema.optional().meta({
      description:
        "An http(s) URL of the public internet that gets a signed POST with the execution when it has ended (docs/webhooks.md).",
    }),
    collect: z.array(z.string().min(1).max(256)).min(1).max(50).optional().meta({
      description:
        "Globs (**, *, ?, and ! in front to leave out) of files: those that the run wrote are stored in the project as new versions, at most 100 files and 20 MiB together.",
    }),
  })
  .refine((body) => (body.projectId === undefined) !== (body.files === undefined), {
    message: "Give either projectId or files.",
    path: ["projectId"],
  })
  .refine(
    (body) => (body.configuration === undefined) === (body.language !== undefined && body.entryPoint !== undefined),
    {
      message: "Give either configuration, or language and entryPoint.",
      path: ["configuration"],
    },
  )
  .refine(
    (body) => body.configuration === undefined || (body.language === undefined && body.entryPoint === undefined),
    {
      message: "A configuration says itself what is started.",
      path: ["configuration"],
    },
  )
  .refine((body) => body.stdin === undefined || body.stdinFile === undefined, {
    message: "Give either stdin or stdinFile.",
    path: ["stdinFile"],
  })
  .refine((body) => body.collect === undefined || body.projectId !== undefined, {
    message: "Only a run of a project can have `collect`.",
    path: ["collect"],
  })
  .meta({
    id: "StartExecution",
    oneOf: [{ required: ["projectId"] }, { required: ["files"] }],
    anyOf: [{ required: ["language", "entryPoint"] }, { required: ["configuration"] }],
  });
export type StartExecution = z.infer<typeof StartExecutionSchema>;

/** Why a file that the run wrote was not stored in the project. */
export const SkipReasonSchema = z.enum([
  "name",
  "not-a-file",
  "too-many",
  "too-large",
  "unreadable",
  "out-of-time",
  "no-right",
  "no-room",
  "path-taken",
  "changed-meanwhile",
  "not-saved",
]);
export type SkipReason = z.infer<typeof SkipReasonSchema>;

export const CollectedFileSchema = z.object({
  path: z.string(),
  size: z.int(),
  /** The version that the file has in the project; null: it was skipped. */
  version: z.int().nullable(),
  skipped: SkipReasonSchema.optional(),
});
export type CollectedFile = z.infer<typeof CollectedFileSchema>;

/** An error in a file of the run, as the output names it. */
export const RunErrorSchema = z.object({
  path: z.string(),
  /** From 1. */
  line: z.int(),
  column: z.int().optional(),
  message: z.string(),
});
export type RunError = z.infer<typeof RunErrorSchema>;

/** How one stage of a run ended, and what it used. */
export const StageResultSchema = z.object({
  stage: z.enum(["compile", "run"]),
  status: ExecutionStatusSchema,
  wallMs: z.int(),
  cpuMs: z.int(),
  memoryPeakBytes: z.int(),
});
export type StageResult = z.infer<typeof StageResultSchema>;

export const ExecutionSchema = z
  .object({
    id: IdSchema,
    projectId: IdSchema.nullable(),
    userId: IdSchema,
    language: z.string(),
    runtime: z.object({ id: z.string(), version: z.string() }),
    /** The started file; of a configuration with a command, the file that says so. */
    entryPoint: z.string(),
    /** The name of the configuration that was started. */
    configuration: z.string().optional(),
    args: z.array(z.string()),
    tty: z.boolean(),
    limits: z.object({ wallMs: z.int(), cpuMs: z.int(), memoryBytes: z.int(), outputBytes: z.int() }),
    /** Path -> version of each project file as the run saw it. */
    fileVersions: z.record(z.string(), z.int()),
    status: ExecutionStatusSchema,
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    stdout: z.string(),
    stderr: z.string(),
    truncated: z.boolean(),
    stage: z.enum(["compile", "run"]).nullable(),
    sandbox: z.enum(["microvm", "gvisor", "namespaces"]).nullable(),
    limitsEnforcement: z.enum(["cgroup", "polled"]).nullable(),
    /** Position in the queue, from 1; only while queued. */
    queuePosition: z.int().optional(),
    /** The image that is being built for it, and the name of the language that needs it; from 0 to 100 percent. Only while `preparing`. */
    image: z.object({ id: z.string(), language: z.string(), percent: z.int(), step: z.string() }).optional(),
    queuedAt: TimeSchema,
    startedAt: TimeSchema.nullable(),
    endedAt: TimeSchema.nullable(),
    /** The time since which it has waited for input with its wall clock paused; after the end: set if it was waiting when it ended. */
    waitingSince: TimeSchema.nullable(),
    usage: z.object({ wallMs: z.int(), cpuMs: z.int(), memoryPeakBytes: z.int(), outputBytes: z.int() }),
    /** The stages that began, in their order, once the execution has ended. */
    stages: z.array(StageResultSchema),
    /** Where the program or its compiler failed, the most likely first; once it has ended. */
    errors: z.array(RunErrorSchema),
    codeHash: z.string(),
    /** The files that the run wrote and that match its `collect`, once it has ended. */
    collected: z.array(CollectedFileSchema),
    /** Possible mistakes in the program's files that its output does not explain. */
    hints: z.array(z.object({ path: z.string(), message: z.string() })),
  })
  .meta({ id: "Execution" });
export type Execution = z.infer<typeof ExecutionSchema>;

/** Items of one batch. */
export const MAX_BATCH_ITEMS = 100;
/** Each item is checked when its turn comes, so that one that is wrong does not stop the others. */
export const StartBatchSchema = z.strictObject({
  items: z
    .array(z.unknown().meta({ $ref: "#/components/schemas/StartExecution" }))
    .min(1)
    .max(MAX_BATCH_ITEMS),
});
/** In the order of the request: the execution, or why there is none. */
export const ExecutionBatchSchema = z
  .object({
    items: z.array(
      z.union([
        z.strictObject({ execution: ExecutionSchema }),
        z.strictObject({ problem: ProblemSchema, retryAfterSeconds: z.int().optional() }),
      ]),
    ),
  })
  .meta({ id: "ExecutionBatch" });
export type ExecutionBatch = z.infer<typeof ExecutionBatchSchema>;

/** Where the end of an execution is sent, and how that went so far. */
export const WebhookStateSchema = z
  .object({
    url: z.string(),
    state: z.enum(["pending", "delivered", "failed"]),
    /** Attempts that have begun. */
    tries: z.int(),
    /** When the next attempt is due, once the execution has ended. */
    nextAt: TimeSchema.nullable(),
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
  })
  .meta({ id: "WebhookState" });
export type WebhookState = z.infer<typeof WebhookStateSchema>;
export const WebhookSecretSchema = z.object({ secret: z.string() }).meta({ id: "WebhookSecret" });

export const ExecutionListSchema = z.object({ items: z.array(ExecutionSchema) }).meta({ id: "ExecutionList" });

export const LanguageSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    extensions: z.array(z.string()),
    aliases: z.array(z.string()),
    /** A program of it can be started now. */
    ready: z.boolean(),
    /** The root file system that its programs run in: `base`, or a layer over it. `bytes`: what it takes on disk; null while that is not known. */
    image: z.object({
      id: z.string(),
      state: z.enum(["ready", "building", "absent"]),
      bytes: z.int().nullable(),
      /** While it is being built: how far, from 0 to 100, and what is being done. */
      percent: z.number().optional(),
      step: z.string().optional(),
    }),
    capabilities: z.array(z.string()),
    /** A program that shows the language. In the boot data only some languages have its text. */
    sample: z.object({ path: z.string(), content: z.string().optional() }),
  })
  .meta({ id: "Language" });
export type Language = z.infer<typeof LanguageSchema>;
export const LanguageListSchema = z.array(LanguageSchema);
