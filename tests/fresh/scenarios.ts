/** The scenarios of a fresh machine: the user who starts the server, and the checks afterwards. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../../scripts/lib/checkout.mjs";
import { run } from "../../scripts/lib/command.mjs";
import { removeWithRun } from "../../scripts/lib/watched-run.mjs";
import { cgroupsOf } from "../support/leftovers.ts";
import { ApiError, signInAsGuest } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/server.ts";
import { homeOf, type Machine } from "./machine.ts";
import { runPrograms } from "./run-programs.ts";
import { linesOf } from "./screen-lines.ts";
import { alarming, longestSilenceMs, start, type Started, untilPrepared } from "./start.ts";

export type ScenarioName = "root" | "sudo" | "user" | "bare";

type Scenario = {
  readonly title: string;
  readonly user: string;
  /** A shell's line that root runs first. */
  readonly before: string;
  readonly runs: boolean;
  readonly limits: "cgroup" | "polled";
};

const account = (user: string): string => `useradd --create-home --shell /bin/bash ${user}`;
const needed = "bubblewrap mmdebstrap squashfs-tools uidmap debian-archive-keyring";
const install = (packages: string): string =>
  `apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ${packages} >/dev/null 2>&1`;

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  root: { title: "root", user: "root", before: "true", runs: true, limits: "cgroup" },
  sudo: {
    title: "an ordinary user with sudo",
    user: "ann",
    before: `${account("ann")} && ${install("sudo")} && echo 'ann ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/ann`,
    runs: true,
    limits: "polled",
  },
  user: {
    title: "an ordinary user without sudo, packages installed",
    user: "ben",
    before: `${account("ben")} && ${install(needed)}`,
    runs: true,
    limits: "polled",
  },
  bare: {
    title: "an ordinary user without sudo, packages missing",
    user: "eve",
    before: account("eve"),
    runs: false,
    limits: "polled",
  },
};

const firstStartWithinMs = 30 * 60_000;
const laterStartWithinMs = 3 * 60_000;
/** The setup's spinner turns ten times a second; what follows depends on how busy the machine is, and is only told. */
const silenceAllowedMs = 5000;

type Say = (line: string) => void;

/** Failures are collected, so that one run reports all of them. */
type Faults = { add(what: string): void };

const dataDirOf = ({ user }: Scenario): string =>
  user === "root" ? "/var/lib/atelier" : `${homeOf(user)}/.local/share/atelier`;

const stop = async (machine: Machine, started: Started, scenario: Scenario, faults: Faults): Promise<void> => {
  started.press("\u0003");
  await started.ended;
  if (!/Stopped\.\s*$/u.test(started.screen()))
    faults.add(`^C ended with ${JSON.stringify(started.screen().slice(-200))}`);
  const dataDir = dataDirOf(scenario);
  const left = async (): Promise<string[]> => [
    ...machine.processes(),
    ...machine.mounts().filter((mount) => mount.includes("atelier")),
    ...machine.loopDevices(),
    ...(await cgroupsOf(dataDir)),
  ];
  await eventually(async () => {
    const found = await left();
    if (found.length > 0) throw new Error(`left behind: ${found.join(", ")}`);
  }, 5000).catch((error: Error) => faults.add(error.message));
};

const checkPrograms = async (
  origin: string,
  tier: string,
  scenario: Scenario,
  say: Say,
  faults: Faults,
): Promise<void> => {
  const outcomes = await runPrograms(origin);
  if (outcomes.length < 5) faults.add(`only ${outcomes.length} languages are offered`);
  for (const outcome of outcomes) {
    say(
      `    ${outcome.language.padEnd(11)} ${outcome.tier}, limits ${outcome.limits}, ${outcome.tookMs.toFixed(0)} ms`,
    );
    if (outcome.fault !== undefined) faults.add(`${outcome.language} in ${tier}: ${outcome.fault}`);
    if (outcome.tier !== tier || outcome.limits !== scenario.limits)
      faults.add(
        `${outcome.language} ran in ${outcome.tier} with limits ${outcome.limits}, not in ${tier} with ${scenario.limits}`,
      );
  }
};

const checkBare = async (started: Started, faults: Faults): Promise<void> => {
  const screen = started.screen();
  for (const said of ["mmdebstrap", "uidmap", "bubblewrap", "sudo apt-get install", "Programs can't run here yet"])
    if (!screen.includes(said)) faults.add(`"${said}" is not said`);
  const client = await signInAsGuest(started.origin);
  const project = await client.createProject({ name: "bare" });
  await client.createFile(project.id, "main.py", "print(1)\n");
  await client.putFile(project.id, "main.py", "print(2)\n", 1);
  const { content } = await client.readFile(project.id, "main.py");
  if (content !== "print(2)\n") faults.add(`a saved file reads ${JSON.stringify(content)}`);
  const body = { projectId: project.id, language: "python", entryPoint: "main.py" };
  const refusal = await client.startExecution(body).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(refusal instanceof ApiError) || refusal.status !== 503 || !JSON.stringify(refusal.body).includes("can't run"))
    faults.add(`Run says ${String(refusal)}`);
};

const checkDoctor = async (machine: Machine, scenario: Scenario, say: Say, faults: Faults): Promise<void> => {
  const line = 'cd atelier && npm run --silent atelier -- doctor 2>&1; echo "exit $?"';
  const text = await machine.sh({ user: scenario.user }, line);
  say(text.replaceAll(/^/gmu, "    ").trimEnd());
  const wanted = scenario.runs ? ["programs run in gvisor", "exit 0"] : ["missing: bubblewrap", "exit 1"];
  for (const words of wanted) if (!text.includes(words)) faults.add(`doctor does not say "${words}"`);
};

/** Tries one scenario in a machine of its own. @returns what was wrong. */
export const tryScenario = async (machine: Machine, name: ScenarioName, say: Say): Promise<string[]> => {
  const scenario = scenarios[name];
  removeWithRun("cgroups-of", dataDirOf(scenario));
  const wrong: string[] = [];
  const faults = { add: (what: string): void => void wrong.push(what) };
  const as = { user: scenario.user };
  await machine.sh({ user: "root" }, "update-ca-certificates 2>&1");
  await machine.sh({ user: "root" }, scenario.before);
  // A fresh machine has never heard of any package.
  await machine.sh({ user: "root" }, "rm -rf /var/lib/apt/lists/*");
  const home = join(machine.root, homeOf(scenario.user));
  await run("git", ["clone", "--quiet", "--no-local", checkout, join(home, "atelier")]);
  await machine.sh({ user: "root" }, `chown -R ${scenario.user}: ${homeOf(scenario.user)}`);
  const port = await freePort();

  const first = await start(machine, { as, port, withinMs: firstStartWithinMs });
  const listeningMs = first.tookMs;
  await untilPrepared(first, firstStartWithinMs);
  const lines = linesOf(first.shown);
  for (const { atMs, text } of lines)
    say(`    ${(atMs / 1000).toFixed(1).padStart(6)} s  ${text.replace(/#admin=.*/u, "#admin=…")}`);
  const preparedMs = lines.find(({ text }) => text.includes("Programs run in"))?.atMs ?? 0;
  const setUpMs = lines.find(({ text }) => text.startsWith("✓ Page"))?.atMs ?? 0;
  const silence = longestSilenceMs(first.shown.filter(({ atMs }) => atMs <= setUpMs));
  say(
    `    first start ${(listeningMs / 1000).toFixed(1)} s, programs run after ${(preparedMs / 1000).toFixed(1)} s, page ${(setUpMs / 1000).toFixed(1)} s, its longest silence ${(silence / 1000).toFixed(1)} s`,
  );
  if (setUpMs === 0) faults.add("the setup does not say that the page is built");
  if (silence > silenceAllowedMs) faults.add(`nothing was shown for ${(silence / 1000).toFixed(1)} s`);
  for (const text of alarming(lines)) faults.add(`alarming: ${text}`);
  if (!/#admin=\S+/u.test(first.screen())) faults.add("no link for the administrator");
  if (existsSync(join(home, "atelier/node_modules/.bin/node")) === false)
    faults.add("node_modules/.bin/node is missing");

  if (scenario.runs) await checkPrograms(first.origin, "gvisor", scenario, say, faults);
  else await checkBare(first, faults);
  await checkDoctor(machine, scenario, say, faults);
  await stop(machine, first, scenario, faults);

  const env = scenario.runs ? { SANDBOX: "namespaces" } : {};
  const second = await start(machine, { as: { ...as, env }, port, withinMs: laterStartWithinMs });
  say(`    second start ${(second.tookMs / 1000).toFixed(1)} s`);
  if (scenario.runs) await checkPrograms(second.origin, "namespaces", scenario, say, faults);
  await stop(machine, second, scenario, faults);
  return wrong;
};
