/** Notices when programs can run, on a page that was opened before they could. */
import type { Boot } from "@atelier/contracts";
import { fetchBoot } from "../../app/boot.ts";
import type { App } from "../../app/services.ts";

/** The setup of a server takes a minute or less; after that only the operator can add what is missing, so it is polled less often. */
const LOOK_EVERY_MS = 2000;
const LOOK_SELDOM_MS = 30_000;

type Readiness = Boot["execution"];

/** The state that the page keeps. */
export const readinessOf = ({ available, reason, isPreparing = false }: Readiness) =>
  available
    ? { pausedBecause: undefined, isPreparing: false }
    : { pausedBecause: reason ?? "Running is paused.", isPreparing };

/** Polls until programs can run. @param look for tests */
export const watchReadiness = (
  { boot, runs }: Pick<App, "boot" | "runs">,
  // The address of a page without a project, so that the server looks nothing up.
  look: () => Promise<Readiness> = async () => (await fetchBoot(`${boot.basePath}/dashboard`)).execution,
): void => {
  const lookLater = (isPreparing: boolean): void => {
    setTimeout(() => void lookNow(), isPreparing ? LOOK_EVERY_MS : LOOK_SELDOM_MS);
  };
  const lookNow = async (): Promise<void> => {
    try {
      const found = await look();
      runs.setState(readinessOf(found));
      if (!found.available) lookLater(found.isPreparing === true);
    } catch {
      // The server is unreachable, which other parts report: the last known state stays.
      lookLater(runs.getState().isPreparing);
    }
  };
  if (!boot.execution.available) lookLater(boot.execution.isPreparing === true);
};
