/**
 * Loaded by `node --require <this> <script>`: Node then loads TypeScript and JSX.
 *
 * With the script `/.atelier/job.ts`, which no program has, it first waits for a job. A worker inherits the option.
 */
"use strict";

const { isMainThread } = require("node:worker_threads");
const { serve, withdraw, writeAtOnce } = require("../javascript/warm-up-job.cjs");

const WAITS = "/.atelier/job.ts";

/** Without the compiler, an optional package, Node strips types itself; the first use of its stripper takes long. */
const loadStripper = () => {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    require("node:module").stripTypeScriptTypes("const warm: number = 1;");
  } finally {
    process.emitWarning = emitWarning;
  }
};

const loadHooks = () => {
  try {
    return require("./warm-up-hooks.cjs");
  } catch (error) {
    if (error?.code !== "MODULE_NOT_FOUND" && error?.code !== "ERR_DLOPEN_FAILED") throw error;
    return undefined;
  }
};

const waits = isMainThread && process.argv[1] === WAITS;
const hooks = loadHooks();
if (hooks !== undefined) hooks.install();
else if (waits) loadStripper();
if (waits) serve();
if (isMainThread) writeAtOnce();
withdraw(__filename);
