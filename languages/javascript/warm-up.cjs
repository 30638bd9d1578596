/** Loaded by `node --require <this> /project/main`: waits for a job. A worker inherits it and has only to withdraw it. */
"use strict";

const { isMainThread } = require("node:worker_threads");
const { serve, withdraw, writeAtOnce } = require("./warm-up-job.cjs");

if (isMainThread) {
  serve();
  writeAtOnce();
}
withdraw(__filename);
