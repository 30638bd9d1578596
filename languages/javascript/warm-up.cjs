/** Loaded by `node --require <this> /project/main`: waits for a job. A worker inherits the option and only removes its traces. */
"use strict";

const { isMainThread } = require("node:worker_threads");
const { serve, withdraw, writeAtOnce } = require("./warm-up-job.cjs");

if (isMainThread) {
  serve();
  writeAtOnce();
}
withdraw(__filename);
