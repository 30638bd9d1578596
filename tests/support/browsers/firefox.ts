/**
 * Debian's Firefox ESR over WebDriver BiDi, which Firefox implements itself: geckodriver, which the classic protocol needs, is no Debian
 * package.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { WebSocket } from "ws";
import { startListening } from "./child-process.ts";
import type { DrivenBrowser, DrivenPage } from "./driven-page.ts";

const PATHS = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];

/** No request leaves the machine and Firefox opens none of its own pages. */
const PREFERENCES: Readonly<Record<string, boolean | number | string>> = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
  "browser.aboutwelcome.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "remote.prefs.recommended": true,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  // Without a mouse Firefox reports no hover: 2 is a fine pointer, 4 means that it can hover.
  "ui.allPointerCapabilities": 6,
  "ui.primaryPointerCapabilities": 6,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

type Answer = { readonly id?: number; readonly type: string; readonly method?: string } & Record<string, unknown>;

/** One BiDi connection: commands by number, events by name. */
const connect = async (url: string) => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, "open");
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  const listeners = new Set<(method: string, params: never) => void>();
  let count = 0;
  socket.on("message", (data: Buffer) => {
    const answer = JSON.parse(data.toString("utf8")) as Answer;
    if (answer.id === undefined) {
      for (const listener of listeners) listener(answer.method ?? "", answer["params"] as never);
      return;
    }
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.type === "success") call?.resolve(answer["result"] as never);
    else call?.reject(new Error(`${String(answer["error"])}: ${String(answer["message"])}`));
  });
  socket.on("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("the browser is gone"));
  });
  return {
    send: <T>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> => {
      count += 1;
      const id = count;
      socket.send(JSON.stringify({ id, method, params }));
      return new Promise<T>((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    onEvent: (listener: (method: string, params: never) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => socket.close(),
  };
};
type Connection = Awaited<ReturnType<typeof connect>>;

type LogEntry = {
  readonly level: string;
  readonly text: string | null;
  readonly source?: { readonly context?: string };
};
type Evaluated =
  | { readonly type: "success"; readonly result: { readonly type: string; readonly value?: string } }
  | { readonly type: "exception"; readonly exceptionDetails: { readonly text: string } };

const openPage = async (
  bidi: Connection,
  size: { readonly width: number; readonly height: number },
): Promise<DrivenPage> => {
  const { userContext } = await bidi.send<{ userContext: string }>("browser.createUserContext");
  const { context } = await bidi.send<{ context: string }>("browsingContext.create", { type: "tab", userContext });
  await bidi.send("browsingContext.setViewport", { context, viewport: size });
  const faults: string[] = [];
  const stop = bidi.onEvent((method, params) => {
    const entry = params as LogEntry;
    if (method === "log.entryAdded" && entry.level === "error" && entry.source?.context === context) {
      faults.push(entry.text ?? "");
    }
  });
  return {
    faults,
    call: async (source, args) => {
      const answer = await bidi.send<Evaluated>("script.callFunction", {
        functionDeclaration: `async (json) => JSON.stringify(await (${source})(...JSON.parse(json)))`,
        arguments: [{ type: "string", value: JSON.stringify(args) }],
        target: { context },
        awaitPromise: true,
        userActivation: true,
      });
      if (answer.type === "exception") throw new Error(answer.exceptionDetails.text);
      return answer.result.value === undefined ? undefined : (JSON.parse(answer.result.value) as unknown);
    },
    act: async (actions) => void (await bidi.send("input.performActions", { context, actions })),
    goto: async (url, wait) =>
      void (await bidi.send("browsingContext.navigate", { context, url, wait: wait === "load" ? "complete" : "none" })),
    reload: async () => void (await bidi.send("browsingContext.reload", { context, wait: "complete" })),
    screenshot: async () => {
      const { data } = await bidi.send<{ data: string }>("browsingContext.captureScreenshot", { context });
      return Buffer.from(data, "base64");
    },
    close: async () => {
      stop();
      await bidi.send("browser.removeUserContext", { userContext });
    },
  };
};

/** The browser's program; undefined where it is not installed. */
export const firefoxProgram = (): string | undefined => PATHS.find((path) => existsSync(path));

/** @throws Error naming the package when there is no Firefox. */
export const launchFirefox = async (): Promise<DrivenBrowser> => {
  const program = firefoxProgram();
  if (program === undefined) throw new Error("no Firefox here: install the package firefox-esr");
  const profile = await mkdtemp(join(tmpdir(), "atelier-firefox-"));
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
  await writeFile(join(profile, "user.js"), lines.join("\n"));
  const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
  // As root Firefox refuses a home folder that belongs to another user.
  const browser = await startListening(program, args, { says: /BiDi listening on (ws:\S+)/u, env: { HOME: profile } });
  const bidi = await connect(`${browser.found}/session`);
  await bidi.send("session.new", { capabilities: {} });
  await bidi.send("session.subscribe", { events: ["log.entryAdded"] });
  return {
    name: "Firefox",
    newPage: (size) => openPage(bidi, size),
    close: async () => {
      bidi.close();
      await browser.end();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
