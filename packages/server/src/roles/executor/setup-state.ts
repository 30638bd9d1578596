/** Reads which setup steps `npm start` still runs in the background; scripts/lib/setup-state.mjs writes the file. */
import { readFile } from "node:fs/promises";
import { z } from "zod";

const SetupStateSchema = z.object({
  /** Titles of the pending steps that programs need. */
  pending: z.array(z.string()),
  /** Steps that failed, each with a message for the operator. */
  faults: z.array(z.object({ step: z.string(), message: z.string() })),
});
export type SetupState = z.infer<typeof SetupStateSchema>;

const NOTHING: SetupState = { pending: [], faults: [] };

/** @param file ATELIER_SETUP_STATE; undefined, or removed after the setup: nothing is being set up */
export const readSetupState = async (file: string | undefined): Promise<SetupState> => {
  if (file === undefined) return NOTHING;
  try {
    return SetupStateSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return NOTHING;
    throw error;
  }
};
