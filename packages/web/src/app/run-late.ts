/** Does something whose code is loaded when it is first needed. */
import { showToast } from "../design/toasts.ts";
import { logFault } from "./page-log.ts";

/** @param failed the message when the code can't be loaded; advice follows it */
export const runLate = <M>(load: () => Promise<M>, act: (module: M) => unknown, failed: string): void => {
  load()
    .then(act, (error: unknown) => {
      logFault("part-not-loaded", error);
      showToast({ text: `${failed} Try again when you are online.`, tone: "bad" });
    })
    .catch((error: unknown) => logFault("part-failed", error));
};
