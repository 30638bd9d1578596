/** Runs `npm start` in a fresh machine and observes its terminal: its texts, the longest silence, the address. */
import { eventually } from "../support/eventually.ts";
import type { As, Machine, Terminal } from "./machine.ts";
import type { Shown } from "./screen-lines.ts";

/** The longest time in which nothing was shown, in ms. */
export const longestSilenceMs = (shown: readonly Shown[]): number =>
  Math.max(0, ...shown.slice(1).map(({ atMs }, i) => atMs - (shown[i]?.atMs ?? 0)));

/** Output that would alarm a user who does not know the program. */
export const alarming = (lines: readonly Shown[]): string[] =>
  lines
    .map(({ text }) => text)
    .filter((text) => /\b(?:warn(?:ing)?|error|exception|undefined|EBAD\w+|at \S+:\d+)\b/iu.test(text));

export type Started = Terminal & { readonly origin: string; readonly tookMs: number };

/** Waits until the terminal says that programs run, or that the setup ended without that. */
export const untilPrepared = (started: Started, withinMs: number): Promise<void> =>
  eventually(() => {
    const screen = started.screen();
    if (/Programs can't run yet/u.test(screen) && !/Programs run in|Programs can't run here yet/u.test(screen))
      throw new Error(`programs can't run yet:\n${screen}`);
  }, withinMs);

/** Starts and waits until it listens. @throws Error with the screen when it ends before, or takes more than `withinMs`. */
export const start = async (
  machine: Machine,
  options: { readonly as: As; readonly port: number; readonly withinMs: number },
): Promise<Started> => {
  const { as, port, withinMs } = options;
  const env = { ...as.env, PORT: String(port) };
  const terminal = machine.open({ ...as, env }, "cd atelier && npm start");
  let code: number | undefined;
  void terminal.ended.then((exitCode) => (code = exitCode));
  const origin = `http://127.0.0.1:${port}`;
  const began = performance.now();
  const announced = /Atelier listens on [^]*?(?:#admin=\S+|Programs )/u;
  await eventually(() => {
    if (announced.test(terminal.screen())) return;
    // Waiting longer would not help.
    if (code === undefined) throw new Error(`not listening yet:\n${terminal.screen()}`);
  }, withinMs);
  if (!announced.test(terminal.screen())) throw new Error(`it ended with ${code}:\n${terminal.screen()}`);
  return { ...terminal, origin, tookMs: performance.now() - began };
};
