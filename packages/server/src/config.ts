/** The configuration: the only reader of the environment; composes the modules' settings and reports all faults at once. */
import type { Setting, SettingSlice, SettingValues } from "#kernel/setting";
import { httpSettings } from "#platform/http";
import { logSettings } from "#platform/log";
import { rateLimitSettings } from "#platform/rate-limits";
import { executionSettings } from "#execution";
import { identitySettings } from "#identity";
import { filesSettings } from "#files";
import { previewSettings } from "#previews";
import { projectsSettings } from "#projects";
import { readFileSync } from "node:fs";
import { coreSettings } from "./roles/core-settings.ts";
import { describeSettings, type SettingGroup } from "./roles/configuration-document.ts";

const groups = [
  { title: "Listening", slice: httpSettings },
  { title: "Data and roles", slice: coreSettings },
  { title: "People", slice: identitySettings },
  { title: "Projects and files", slice: { ...filesSettings, ...projectsSettings } },
  { title: "Running programs", slice: executionSettings },
  { title: "Previews", slice: previewSettings },
  { title: "Rate limits", slice: rateLimitSettings },
  { title: "Log", slice: logSettings },
] as const satisfies readonly SettingGroup[];

const settings = {
  ...httpSettings,
  ...coreSettings,
  ...identitySettings,
  ...projectsSettings,
  ...filesSettings,
  ...executionSettings,
  ...previewSettings,
  ...rateLimitSettings,
  ...logSettings,
};
export type Configuration = SettingValues<typeof settings>;

/** Settings of distributed adapters that do not exist yet: they are refused, because a silently ignored setting misleads. */
const NOT_YET: readonly string[] = [
  "DATABASE_REPLICA_URL",
  "REDIS_URL",
  "S3_ENDPOINT",
  "S3_BUCKET",
  "S3_ACCESS_KEY_ID",
  "S3_SECRET_ACCESS_KEY",
  "KAFKA_BROKERS",
  "OIDC_ISSUER",
  "OIDC_CLIENT_ID",
  "OIDC_CLIENT_SECRET",
];

/** One line for each fault, without the value, which may be a secret. */
export class ConfigurationFaults extends Error {
  override readonly name = "ConfigurationFaults";
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const textOf = (environment: Environment, name: string, setting: Setting, faults: string[]): string | undefined => {
  const text = environment[name];
  const given = text === "" ? undefined : text;
  const file = setting.secret === true ? environment[`${name}_FILE`] : undefined;
  if (file === undefined || file === "") return given;
  if (given !== undefined) faults.push(`${name}: both ${name} and ${name}_FILE are set.`);
  try {
    return readFileSync(file, "utf8").trimEnd();
  } catch (error) {
    faults.push(`${name}_FILE: ${file} can't be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"}).`);
    return undefined;
  }
};

/** True for the host itself and for every name below it. */
const isWithin = (name: string, host: string): boolean => name === host || name.endsWith(`.${host}`);

const acrossSettings = (values: Configuration): string[] => {
  const faults: string[] = [];
  if ((values.TLS_CERT_FILE === undefined) !== (values.TLS_KEY_FILE === undefined)) {
    faults.push("TLS_CERT_FILE, TLS_KEY_FILE: set both or neither.");
  }
  const { PREVIEW_ORIGIN: previews, PUBLIC_URL, PREVIEW_PORT, PORT } = values;
  const own = PUBLIC_URL === undefined ? undefined : new URL(PUBLIC_URL).hostname;
  if (previews !== undefined && own === undefined)
    faults.push("PREVIEW_ORIGIN: set PUBLIC_URL too; only its pages may frame previews.");
  if (previews !== undefined && own !== undefined && isWithin(own, previews.host))
    faults.push("PREVIEW_ORIGIN: PUBLIC_URL is below it; previews could set cookies of the page.");
  if (PREVIEW_PORT !== undefined && PREVIEW_PORT === PORT) faults.push("PREVIEW_PORT: PORT is the same.");
  if (PREVIEW_PORT !== undefined && previews !== undefined)
    faults.push("PREVIEW_ORIGIN, PREVIEW_PORT: set one of them.");
  for (const name of ["DATABASE_URL", "SECRET_KEY", "BLOBS_DIR"] as const) {
    if (values.HOMES === "postgres" && values[name] === undefined)
      faults.push(`HOMES: postgres needs ${name}, the same for all servers on the database.`);
  }
  return faults;
};

/** @throws ConfigurationFaults with every fault. */
export const readConfiguration = (environment: Environment = process.env): Configuration => {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings as SettingSlice)) {
    const parsed = setting.schema.safeParse(textOf(environment, name, setting, faults));
    if (parsed.success) values[name] = parsed.data;
    else faults.push(`${name}: ${parsed.error.issues.map((issue) => issue.message).join("; ")}.`);
  }
  for (const name of NOT_YET) {
    if ((environment[name] ?? "") !== "") faults.push(`${name}: not supported yet; leave it out.`);
  }
  if (faults.length > 0) throw new ConfigurationFaults(faults);
  const configuration = values as Configuration;
  const across = acrossSettings(configuration);
  if (across.length > 0) throw new ConfigurationFaults(across);
  return configuration;
};

/** True when LOG_LEVEL is set. */
export const choosesLogLevel = (environment: Environment = process.env): boolean =>
  (environment["LOG_LEVEL"] ?? "") !== "";

/** The text of docs/configuration.md. */
export const describeConfiguration = (): string => describeSettings(groups);
