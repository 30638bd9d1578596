// `npm start`: from a fresh checkout to a listening server. The server listens as soon as it can show its page; the image and the tools
// are built in the background. A second start skips all steps that are done.
import { constants } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { stopCommands, takeOverSignals } from "./lib/command.mjs";
import { SetupFault, report } from "./lib/fault.mjs";
import { launch } from "./lib/launch.mjs";
import { onLostParent } from "./lib/lost-parent.mjs";
import { checkout, projectNode } from "./lib/checkout.mjs";
import { notice, stopDrawing } from "./lib/progress.mjs";
import { buildRunscInBackground } from "./lib/runsc-build.mjs";
import { beginSetUp, serverEnvironment } from "./lib/setup.mjs";

const main = join(checkout, "packages", "server", "src", "main.ts");

let stoppedBy;
takeOverSignals();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    stoppedBy ??= signal;
    stopCommands();
  });
}

onLostParent(() => process.kill(process.pid, "SIGHUP"));

/** Time to check the caches, so that a start with everything cached prints nothing about background steps. */
const settled = (setup) => Promise.race([setup.programs, new Promise((resolve) => setTimeout(resolve, 20))]);

const serve = async (setup) => {
  await setup.page;
  await settled(setup);
  if (stoppedBy !== undefined) return undefined;
  // The address is printed also when the output goes to a file.
  const env = { ATELIER_PROGRESS: "yes", ...serverEnvironment() };
  const pending = setup.state.pending();
  stopDrawing();
  if (pending.length > 0) {
    notice(`  Going on in the background: ${pending.join(", ")}. Programs run when it is done.`);
    env["ATELIER_SETUP_STATE"] = setup.state.publish();
  }
  const endBuild = buildRunscInBackground();
  try {
    return await launch(projectNode(), [main], { cwd: checkout, env });
  } finally {
    endBuild();
  }
};

let setup;
let code;
try {
  setup = beginSetUp();
  setup.programs.catch((error) => {
    if (stoppedBy === undefined && !(error instanceof SetupFault)) report(error);
  });
  code = await serve(setup);
} catch (error) {
  if (stoppedBy === undefined) {
    report(error);
    code = error instanceof SetupFault ? 1 : 70;
  }
} finally {
  // A background build ends with its server, and removes its unfinished files.
  stopCommands();
  await Promise.allSettled([setup?.page, setup?.programs]);
  setup?.state.remove();
  process.exitCode = code ?? 128 + constants.signals[stoppedBy];
}
