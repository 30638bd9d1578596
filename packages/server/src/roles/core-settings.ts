/** The settings of data and roles, and others that belong to no single module. */
import { portNumber, type Setting } from "#kernel/setting";
import { resolve } from "node:path";
import { z } from "zod";

const switchOf = (standard: boolean) =>
  z
    .enum(["yes", "no", "1", "0"], "yes or no")
    .default(standard ? "yes" : "no")
    .transform((text) => text === "yes" || text === "1");

const folder = z
  .string()
  .transform((path) => resolve(path))
  .optional();

export const coreSettings = {
  DATA_DIR: {
    schema: folder,
    description: "Folder for the bundled database, blobs and the secret key; one server at a time.",
    defaultText: "/var/lib/atelier as root, else $XDG_DATA_HOME/atelier",
  } satisfies Setting<string | undefined>,
  XDG_DATA_HOME: {
    schema: folder,
    description: "Folder that contains the default DATA_DIR of an ordinary user.",
    defaultText: "~/.local/share",
  } satisfies Setting<string | undefined>,
  XDG_CACHE_HOME: {
    schema: folder,
    description: "Folder that contains the default ATELIER_CACHE_DIR of an ordinary user.",
    defaultText: "~/.cache",
  } satisfies Setting<string | undefined>,
  XDG_RUNTIME_DIR: {
    schema: folder,
    description: "Folder for the database's socket when the path of DATA_DIR is too long for a socket.",
    defaultText: "",
  } satisfies Setting<string | undefined>,
  ATELIER_CACHE_DIR: {
    schema: folder,
    description: "Folder for images and tools; all of them can be built again.",
    defaultText: "/var/cache/atelier as root, else $XDG_CACHE_HOME/atelier",
  } satisfies Setting<string | undefined>,
  IMAGES_DIR: {
    schema: folder,
    description: "Folder of the built language images.",
    defaultText: "$ATELIER_CACHE_DIR/images",
  } satisfies Setting<string | undefined>,
  TOOLS_DIR: {
    schema: folder,
    description: "Folder that contains runsc.",
    defaultText: "the newest in $ATELIER_CACHE_DIR/tools, else the PATH",
  } satisfies Setting<string | undefined>,
  DATABASE_URL: {
    schema: z
      .string()
      .refine(
        (text) => URL.canParse(text) && /^postgres(?:ql)?:$/u.test(new URL(text).protocol),
        "a postgres:// address",
      )
      .optional(),
    description:
      "PostgreSQL 18 or newer to use instead of the bundled one; its role may create roles, which migrations need.",
    defaultText: "",
    secret: true,
  } satisfies Setting<string | undefined>,
  HOMES: {
    schema: z.enum(["process", "postgres"]).default("process"),
    description:
      "Where homes (which server owns a document, a run or a project's events) are stored: `process` (one server on one database) or " +
      "`postgres` (several; needs DATABASE_URL, SECRET_KEY and BLOBS_DIR, the same for all of them, and a DATA_DIR for each).",
    defaultText: "process",
  } satisfies Setting<"process" | "postgres">,
  LINK_HOST: {
    schema: z.string().min(1).default("127.0.0.1"),
    description:
      "Address to listen on for the other servers on the database (`HOMES=postgres`). Connections are encrypted, and accepted only " +
      "from servers with the same SECRET_KEY.",
    defaultText: "127.0.0.1",
  } satisfies Setting<string>,
  LINK_PORT: {
    schema: portNumber(0),
    description: "Port to listen on for the other servers; 0: a free one.",
    defaultText: "0",
  } satisfies Setting<number>,
  LINK_ADDRESS: {
    schema: z
      .string()
      .regex(/^(?:\[[\da-f:]+\]|[^\s:/]+):\d{1,5}$/iu, "host:port")
      .optional(),
    description: "`host:port` at which the other servers reach this one, if it differs from LINK_HOST and LINK_PORT.",
    defaultText: "LINK_HOST and the port that was opened",
  } satisfies Setting<string | undefined>,
  BLOBS_DIR: {
    schema: folder,
    description: "Folder of the encrypted contents of files; servers on one database share it.",
    defaultText: "$DATA_DIR/blobs",
  } satisfies Setting<string | undefined>,
  SECRET_KEY: {
    schema: z.string().min(32, "at least 32 characters").optional(),
    description: "Key that signs tokens and encrypts contents: at least 32 random characters. Keep a copy of it.",
    defaultText: "generated once in $DATA_DIR/secret.key",
    secret: true,
  } satisfies Setting<string | undefined>,
  ROLES: {
    schema: z
      .string()
      .default("all")
      .transform((text) => text.split(",").map((role) => role.trim()))
      .refine(
        (roles) => roles.length === 1 && roles[0] === "all",
        "only `all` is supported yet: the adapters for separate roles do not exist",
      ),
    description: "The parts that this process runs: `all`.",
    defaultText: "all",
  } satisfies Setting<string[]>,
  SANDBOX: {
    schema: z
      .enum(["auto", "gvisor", "namespaces", "microvm"])
      .default("auto")
      .refine((tier) => tier !== "microvm", "microvm is not supported yet; `auto` uses the best tier that works here"),
    description: "Isolation tier for programs: `auto` (the best that a probe finds), `gvisor` or `namespaces`.",
    defaultText: "auto",
  } satisfies Setting<"auto" | "gvisor" | "namespaces" | "microvm">,
  ATELIER_ALLOW_WEAK_SANDBOX: {
    schema: switchOf(false),
    description: "`yes`: listen on a public HOST although programs are only isolated by namespaces.",
    defaultText: "no",
  } satisfies Setting<boolean>,
  METRICS_TOKEN: {
    schema: z.string().min(16, "at least 16 characters").optional(),
    description: "Bearer token for /metrics; without it only loopback may read them.",
    defaultText: "",
    secret: true,
  } satisfies Setting<string | undefined>,
  ATELIER_PROGRESS: {
    schema: switchOf(false),
    description: "`yes`: print progress as on a terminal, also when standard output is not one.",
    defaultText: "no",
  } satisfies Setting<boolean>,
  ATELIER_SETUP_STATE: {
    schema: z.string().optional(),
    description:
      "File in which `npm start` lists the setup steps that still run in the background; set by `npm start` itself.",
    defaultText: "",
  } satisfies Setting<string | undefined>,
  ATELIER_CHECK_ANSWERS: {
    schema: switchOf(false),
    description:
      "`yes`: check every response against its schema and fail those that differ; for tests and development.",
    defaultText: "no",
  } satisfies Setting<boolean>,
} as const;
