/** The settings of execution: how much runs at once, how much waits, how much is kept warm. */
import { type Setting, type SettingValues, wholeNumber } from "#kernel/setting";
import { availableParallelism, totalmem } from "node:os";
import { z } from "zod";

const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/u;
const GIB = 1_073_741_824;
const DEFAULT_RUNNING = Math.max(2, Math.min(availableParallelism() * 8, Math.floor(totalmem() / GIB)));
const DEFAULT_WARM = Math.max(2, Math.min(64, Math.floor((totalmem() * 0.15) / (64 * 1_048_576))));

/** Image ids, or a word for how the missing ones are built. */
const images = z
  .string()
  .regex(/^[a-z][a-z0-9-]*(?:,[a-z][a-z0-9-]*)*$/u, "is background, on-demand, or names of images with commas between")
  .default("background")
  .transform((text): ImagePolicy => {
    if (text === "background" || text === "on-demand") return text;
    return text.split(",");
  });

/** `background`: all images are built ahead, the most wanted first; `on-demand`: when a program needs them; names: these ahead. */
export type ImagePolicy = "background" | "on-demand" | readonly string[];

export const executionSettings = {
  IMAGES: {
    schema: images,
    description:
      "When the images of languages are built: `background` (all but the optional ones, one after the other, the most wanted first), `on-demand` (by the first run that needs one), or names with commas between (these in the background, the others on demand).",
    defaultText: "background",
  } satisfies Setting<ImagePolicy>,
  EXECUTION_CONCURRENCY: {
    schema: wholeNumber({ max: 1000, fallback: DEFAULT_RUNNING }),
    description: "Programs that run at once on this server; more wait in the queue.",
    defaultText: "8 per core, at most one per GiB of memory",
  },
  EXECUTION_QUEUE: {
    schema: wholeNumber({ max: 10_000, fallback: 256 }),
    description:
      "Programs that may wait at once; more are answered 429 with Retry-After. Premium users may fill a quarter more, enterprise users half more.",
    defaultText: "256",
  },
  EXECUTION_WARM_MAX: {
    schema: wholeNumber({ min: 0, max: 1000, fallback: DEFAULT_WARM }),
    description: "Sandboxes kept warm at once, over all languages; 0 starts every one on demand.",
    defaultText: "15 % of memory at 64 MiB each, 2 to 64",
  },
  EXECUTION_PROGRAM_MIB: {
    schema: wholeNumber({ max: 1024, fallback: 100 }),
    description: "MiB that the files of one run may hold together.",
    defaultText: "100",
  },
  WEBHOOK_ALLOWED_HOSTS: {
    schema: z
      .string()
      .default("")
      .transform((text) => text.split(",").map((host) => host.trim().toLowerCase()))
      .transform((hosts) => hosts.filter((host) => host !== ""))
      .refine((hosts) => hosts.every((host) => HOST.test(host)), "hosts as `host` or `host:port`, separated by commas"),
    description:
      "Private hosts that webhooks may go to, as `host` or `host:port`, separated by commas. All other webhooks go to public addresses only.",
    defaultText: "",
  } satisfies Setting<string[]>,
} as const;

export type ExecutionSettings = SettingValues<typeof executionSettings>;
