// `npm run atelier -- <command>`: the commands of an operator.
import { join } from "node:path";
import process from "node:process";
import { SetupFault, report } from "./lib/fault.mjs";
import { imagesCommand } from "./lib/images/images-command.mjs";
import { launch } from "./lib/launch.mjs";
import { checkout, projectNode } from "./lib/checkout.mjs";
import { step } from "./lib/progress.mjs";
import { ensureDependencies } from "./lib/dependencies.mjs";
import { ensureBuiltRunsc } from "./lib/runsc-build.mjs";
import { requireNode, serverEnvironment, setUpPackages } from "./lib/setup.mjs";
import { serverPackages } from "./lib/system-packages.mjs";

const usage = `Usage: npm run atelier -- <command>

  start                  set up what is missing and start the server (the same as npm start)
  doctor                 say which isolation and which limits are real here, and why not better ones
  images build [ids]     build images ahead of their first use; --all: all but the optional ones; --json: progress for a program
  user invite            print a one-time link with which somebody makes an account (REGISTRATION=invite)
  user disable <who>     end an account's sign-ins and open sockets; user enable <who> lets it sign in again
  tools build            build a current gVisor now (npm start does it in the background)
  help                   this text`;

/** Each command resolves with its exit code. */
const commands = {
  start: () => launch(process.execPath, [join(checkout, "scripts", "start.mjs")]),
  doctor: async () => {
    await step("Dependencies", ensureDependencies);
    return launch(projectNode(), [join(checkout, "scripts", "doctor.ts")], { env: serverEnvironment() });
  },
  images: imagesCommand,
  user: async (...options) => {
    await step("Dependencies", ensureDependencies);
    return launch(projectNode(), [join(checkout, "scripts", "user.ts"), ...options]);
  },
  tools: async (action, ...rest) => {
    if (action !== "build" || rest.length > 0) {
      throw new SetupFault(`tools ${[action, ...rest].join(" ")}: not a command`, { hint: "tools build" });
    }
    await step("Dependencies", ensureDependencies);
    await setUpPackages(serverPackages);
    await step("gVisor from its source", ensureBuiltRunsc);
    return 0;
  },
  help: async () => {
    console.log(usage);
    return 0;
  },
};

try {
  requireNode();
  const [name = "help", ...rest] = process.argv.slice(2);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new SetupFault(`${name}: not a command`, { hint: "npm run atelier -- help" });
  process.exitCode = await command(...rest);
} catch (error) {
  report(error);
  process.exitCode = error instanceof SetupFault ? 1 : 70;
}
