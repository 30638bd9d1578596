/** Stands for a benchmark, crash run or any other script of scripts/with-setup.mjs. */
import { runUntilEnded } from "./run-until-ended.ts";

await runUntilEnded();
