/** W5: the time from the return of the network until another client has the text typed meanwhile, and the page shows "Saved". */
import { setTimeout as delay } from "node:timers/promises";
import type { Entry } from "@atelier/contracts";
import { launchBrowser } from "../support/browser.ts";
import { openCuttableProxy } from "../support/cuttable-proxy.ts";
import { openStockClient } from "../support/stock-client.ts";
import type { TestServer } from "../support/server.ts";
import { openWorkspace } from "../support/workspace.ts";
import { line, summarise } from "./statistics.ts";

const LONGEST_WAIT_MS = 30_000;
/** Outages are between these, spread evenly over the rounds. */
const OUTAGE_MS = { least: 300, most: 6000 } as const;
const KEY_MS = 40;

/**
 * `told`: the browser knows that it is offline and hears when it is not. `typing`: nobody tells it (a restarted router,
 * a server that was away), and somebody types on. `idle`: nobody tells it and nobody types.
 */
const CASES = ["told", "typing", "idle"] as const;
type Case = (typeof CASES)[number];

const TITLES: Readonly<Record<Case, string>> = {
  told: "the browser is told",
  typing: "nobody tells it, somebody types",
  idle: "nobody tells it, nobody types",
};

/** @param rounds outages of each kind. */
export const benchReconnect = async (server: TestServer, rounds: number): Promise<string[]> => {
  await using proxy = await openCuttableProxy(server.port);
  const browser = await launchBrowser();
  try {
    await using ada = await openWorkspace(browser, proxy.origin, { files: { "main.py": "" } });
    const { page } = ada.editor;
    await ada.editor.editorReady();
    await ada.editor.saved();
    const { entries } = (await ada.call("GET", `/projects/${ada.project.id}/tree`)) as { entries: Entry[] };
    const file = { projectId: ada.project.id, fileId: entries[0]?.id ?? "" };
    // Beside the proxy: it is never away.
    using other = await openStockClient({ origin: server.origin, token: ada.token }, file);
    await ada.editor.focusEnd();

    let expected = "";
    const type = async (text: string): Promise<void> => {
      expected += text;
      await page.keyboard.type(text, { delay: KEY_MS });
    };
    const arrival = async (text: string): Promise<number> => {
      const deadline = performance.now() + LONGEST_WAIT_MS;
      while (!other.text.toJSON().includes(text)) {
        if (performance.now() > deadline) throw new Error(`${text} did not arrive within ${LONGEST_WAIT_MS} ms`);
        await delay(2);
      }
      return performance.now();
    };

    const outage = async (kind: Case, round: number): Promise<{ arrivedMs: number; savedMs: number }> => {
      const lengthMs = OUTAGE_MS.least + ((OUTAGE_MS.most - OUTAGE_MS.least) * round) / Math.max(1, rounds - 1);
      if (kind === "told") await page.context().setOffline(true);
      else await proxy.cut();
      const word = `[${kind}${round}]`;
      const cutAt = performance.now();
      await type(word);
      if (kind === "typing") while (performance.now() - cutAt < lengthMs) await type(".");
      else await delay(Math.max(0, lengthMs - (performance.now() - cutAt)));
      const returnedAt = performance.now();
      const arrived = arrival(word);
      // Waits by events in the page, so that waiting costs it nothing.
      const saved = page
        .locator('.save-state[data-state="saved"]')
        .waitFor({ timeout: LONGEST_WAIT_MS })
        .then(() => performance.now());
      if (kind === "told") await page.context().setOffline(false);
      else await proxy.mend();
      let isOver = false;
      const typing = (async () => {
        while (kind === "typing" && !isOver) await type(".");
      })();
      const arrivedMs = (await arrived) - returnedAt;
      isOver = true;
      await typing;
      const savedMs = (await saved) - returnedAt;
      await ada.editor.saved(LONGEST_WAIT_MS);
      await arrival(expected);
      return { arrivedMs, savedMs };
    };

    const lines: string[] = [];
    for (const kind of CASES) {
      const measured: { arrivedMs: number; savedMs: number }[] = [];
      for (let round = 0; round < rounds; round += 1) measured.push(await outage(kind, round));
      lines.push(
        line(`${TITLES[kind]}: typed text is there`, summarise(measured.map(({ arrivedMs }) => arrivedMs))),
        line(`${TITLES[kind]}: "Saved"`, summarise(measured.map(({ savedMs }) => savedMs))),
      );
    }
    const text = other.text.toJSON();
    if (text !== expected) throw new Error(`keys were lost or doubled: ${text.length} of ${expected.length}`);
    lines.push(`  ${`${CASES.length * rounds} outages, keys lost or doubled`.padEnd(44)} 0 of ${expected.length}`);
    return lines;
  } finally {
    await browser.close();
  }
};
