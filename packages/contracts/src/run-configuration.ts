/** What Run can do in a project: configurations, inferred from its files or written in its `atelier.json`. */
import { z } from "zod";

export const ConfigurationNameSchema = z
  .string()
  .min(1)
  .max(100)
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]+$/u, "No control characters.");

const CommandSchema = z.union([z.string(), z.array(z.string())]);

export const RunConfigurationSchema = z
  .object({
    /** Unique among the configurations of its project. */
    name: z.string(),
    /** `run` starts the program; `task` does something with the project: tests, a build. */
    kind: z.enum(["run", "task"]),
    /** What "Run tests" starts. */
    test: z.boolean(),
    /** A line for bash, or an argument list. Absent: `language` and `entryPoint` are there. */
    command: CommandSchema.optional(),
    language: z.string().optional(),
    entryPoint: z.string().optional(),
    /** Runs before `command`, as a stage with limits of its own and without input. */
    compile: CommandSchema.optional(),
    args: z.array(z.string()),
    env: z.record(z.string(), z.string()),
    /** The program's input: a text, or a file of the project. */
    stdin: z.union([z.string(), z.object({ file: z.string() })]).optional(),
    /** The folder in which `command` and `compile` run; absent: the project's. */
    folder: z.string().optional(),
    /** The port on which the program answers HTTP requests. */
    port: z.int().optional(),
    inferred: z.boolean(),
    /** The file that says so: a manifest, a source, or `atelier.json`. */
    source: z.string(),
    /** Ids of the languages whose images the run needs together; the first counts as the language of the run. */
    languages: z.array(z.string()),
    /** One line: why it can't run. Absent: it can. */
    unavailable: z.string().optional(),
  })
  .meta({ id: "RunConfiguration" });
export type RunConfiguration = z.infer<typeof RunConfigurationSchema>;
export const RunConfigurationListSchema = z.array(RunConfigurationSchema);
