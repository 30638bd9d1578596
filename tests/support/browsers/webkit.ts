/** WebKitGTK's MiniBrowser over classic WebDriver, on a virtual X server: it has no headless mode. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { freePort } from "../server.ts";
import { endChild, startListening } from "./child-process.ts";
import type { DrivenBrowser, DrivenPage } from "./driven-page.ts";

const DRIVER = "/usr/bin/WebKitWebDriver";
const LIBRARIES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

/** Debian's package of the driver also contains MiniBrowser. */
const miniBrowser = (): string | undefined => {
  const versions = LIBRARIES.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.startsWith("webkit"))
      .map((name) => join(folder, name, "MiniBrowser")),
  );
  return versions.toSorted().findLast((path) => existsSync(path));
};

/** The packages that are missing to run WebKitGTK. */
export const webkitMissing = (): string[] => [
  ...(existsSync(DRIVER) && miniBrowser() !== undefined ? [] : ["webkit2gtk-driver"]),
  ...(existsSync("/usr/bin/Xvfb") ? [] : ["xvfb"]),
  ...(existsSync("/usr/bin/xdotool") ? [] : ["xdotool"]),
];

const execute = promisify(execFile);

const ask = async <T>(url: string, method: string, body?: unknown): Promise<T> => {
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const { value } = (await response.json()) as { value: T & { readonly error?: string; readonly message?: string } };
  if (!response.ok) throw new Error(`${value.error ?? response.status}: ${value.message ?? ""}`);
  return value;
};

/** A driver serves one session, so each page has its own driver and browser. */
const openPage = async (display: string, size: { readonly width: number; readonly height: number }) => {
  const port = await freePort();
  const env = {
    DISPLAY: display,
    GDK_BACKEND: "x11",
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    NO_AT_BRIDGE: "1",
  };
  const args = [`--port=${port}`, "--host=127.0.0.1"];
  const driver = await startDriver(args, env, port);
  const sessions = `http://127.0.0.1:${port}/session`;
  const options = { binary: miniBrowser(), args: ["--automation"] };
  // Navigation does not wait, so that a loading page can be examined.
  const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options, pageLoadStrategy: "none" } };
  const { sessionId } = await ask<{ sessionId: string }>(sessions, "POST", { capabilities });
  const session = `${sessions}/${sessionId}`;
  await ask(`${session}/timeouts`, "POST", { script: 60_000 });
  const run = (script: string, given: readonly unknown[]) =>
    ask<unknown>(`${session}/execute/async`, "POST", { script, args: given });
  // The window is larger than the page's viewport.
  const inner = "arguments[arguments.length - 1]([innerWidth, innerHeight])";
  await ask(`${session}/window/rect`, "POST", size);
  const [width = 0, height = 0] = (await run(inner, [])) as number[];
  await ask(`${session}/window/rect`, "POST", {
    width: size.width + (size.width - width),
    height: size.height + (size.height - height),
  });
  /** Marks the current document. */
  const mark = () => run("document.documentElement.dataset.before = 'yes'; arguments[arguments.length - 1]()", []);
  /** Whether another document than the marked one is shown, and loaded as far as required. */
  const arrived = async (states: readonly string[]): Promise<void> => {
    const look = "arguments[arguments.length - 1]([document.documentElement.dataset.before, document.readyState])";
    for (;;) {
      const [before, state] = (await run(look, []).catch(() => ["yes", ""])) as [string | null, string];
      if (before !== "yes" && states.includes(state)) return;
      await delay(20);
    }
  };
  const page: DrivenPage = {
    faults: [],
    call: async (source, given) => {
      const script = `const [json, done] = arguments;
        (async () => JSON.stringify(await (${source})(...JSON.parse(json))))().then(
          (value) => done({ value }), (error) => done({ error: String(error) }));`;
      const { value, error } = (await run(script, [JSON.stringify(given)])) as { value?: string; error?: string };
      if (error !== undefined) throw new Error(error);
      return value === undefined || value === null ? undefined : (JSON.parse(value) as unknown);
    },
    // The driver releases the right button as if it were the left one: there is no pointerup, but a click.
    rightClick: async ({ x, y }) => {
      const edges =
        "arguments[arguments.length - 1]([screenX + (outerWidth - innerWidth) / 2, screenY + outerHeight - innerHeight])";
      const [left = 0, top = 0] = (await run(edges, [])) as number[];
      const press = ["mousedown", "3", "sleep", "0.1", "mouseup", "3"];
      await execute("xdotool", ["mousemove", String(left + x), String(top + y), ...press], {
        env: { ...process.env, ...env },
      });
    },
    act: async (actions) => void (await ask(`${session}/actions`, "POST", { actions })),
    goto: async (url, wait) => {
      await mark();
      await ask(`${session}/url`, "POST", { url });
      await arrived(wait === "load" ? ["complete"] : ["loading", "interactive", "complete"]);
    },
    reload: async () => {
      await mark();
      await ask(`${session}/refresh`, "POST", {});
      await arrived(["complete"]);
    },
    screenshot: async () => Buffer.from(await ask<string>(`${session}/screenshot`, "GET"), "base64"),
    close: async () => {
      await ask(session, "DELETE").catch(() => undefined);
      await endChild(driver);
    },
  };
  return page;
};

/** The driver prints nothing when it listens, so it is polled. */
const startDriver = async (args: readonly string[], env: Readonly<Record<string, string>>, port: number) => {
  const child = spawn(DRIVER, args, { env: { ...process.env, ...env }, stdio: "ignore" });
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/status`).catch(() => undefined);
    if (answer) return child;
    await delay(50);
  }
  await endChild(child);
  throw new Error("WebKitWebDriver does not listen");
};

/** @throws Error with the names of missing packages. */
export const launchWebKit = async (): Promise<DrivenBrowser> => {
  const missing = webkitMissing();
  if (missing.length > 0) throw new Error(`no WebKitGTK here: install ${missing.join(" and ")}`);
  const args = ["-displayfd", "3", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"];
  const screen = await startListening("/usr/bin/Xvfb", args, { says: /^(\d+)\n/mu });
  return {
    name: "WebKitGTK",
    newPage: (size) => openPage(`:${screen.found}`, size),
    close: () => screen.end(),
  };
};
