// Builds a current runsc (gVisor) from source with Debian's Go, in a sandbox: Debian's own runsc is two years older.
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { areCommandsStopping, findProgram, run } from "./command.mjs";
import { suite } from "./debian.mjs";
import { SetupFault } from "./fault.mjs";
import { locked } from "./lock.mjs";
import { cacheFolder, checkout } from "./checkout.mjs";
import { buildFolder, digest, readIfThere, writeWhole } from "./recipe.mjs";
import { buildRootfs } from "./rootfs.mjs";
import { changes } from "./runsc-changes.mjs";

const source = { module: "gvisor.dev/gvisor", version: "v0.0.0-20260905035102-160fafc42237" };
const builder = ["golang-go", "ca-certificates"];
const recipe = { suite, builder, source, changes, processor: process.arch, layout: 1 };

/** The version that the program prints for `--version`. */
const versionName = `${source.version.split("-")[1].slice(0, 8)}-atelier`;

/** A failed build is retried in the background after this time. */
const retryAfterMs = 24 * 3_600_000;

/** The folder that holds (or will hold) the built `runsc`. */
export function builtFolder() {
  return join(cacheFolder(), "tools", `runsc-built-${digest(recipe).slice(0, 16)}`);
}

/** Whether the build is complete. */
export function builtIsThere() {
  return existsSync(join(builtFolder(), "tool.json"));
}

const failureFile = () => `${builtFolder()}.failed.json`;

/** The reason and the time of the last failed build; undefined without one.
 * @returns {{ reason: string, at: string } | undefined} */
export function buildFailure() {
  const text = builtIsThere() ? undefined : readIfThere(failureFile());
  return text === undefined ? undefined : JSON.parse(text);
}

/** Whether a background build should start now. */
export function wantsBuild(now = Date.now()) {
  if (builtIsThere() || (process.arch !== "x64" && process.arch !== "arm64")) return false;
  const failure = buildFailure();
  return failure === undefined || now - Date.parse(failure.at) > retryAfterMs;
}

const certificatesInside = "/etc/ssl/certs/ca-certificates.crt";
const networkFiles = ["/etc/resolv.conf", "/etc/hosts", certificatesInside];

function writeInRoot(root, path) {
  const target = join(root, path);
  if (path === certificatesInside && existsSync(target)) return;
  rmSync(target, { force: true });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, "");
}

/** The settings with which Go downloads modules: its own variables, proxies, and a certificate authority of this machine. */
function goNetwork() {
  const names = ["GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GONOPROXY", "GOINSECURE"];
  const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]);
  const env = [...names, ...proxies].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : ["--setenv", name, value];
  });
  const certificates = [process.env["SSL_CERT_FILE"], certificatesInside].find(
    (path) => path !== undefined && existsSync(path),
  );
  return [
    ...env,
    ...(certificates === undefined ? [] : ["--ro-bind", certificates, certificatesInside]),
    ...["/etc/resolv.conf", "/etc/hosts"].flatMap((path) => ["--ro-bind-try", path, path]),
  ];
}

/** Runs Go inside the builder's root; `work` is /mnt there. Returns standard output. */
function go(work, args, { cwd = "/mnt", what, tell }) {
  const argv = [
    ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session"],
    ["--ro-bind", join(work, "rootfs"), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ["--bind", work, "/mnt", "--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp"],
    ["--setenv", "GOPATH", "/mnt/go", "--setenv", "GOCACHE", "/mnt/cache", "--setenv", "GOFLAGS", "-modcacherw"],
    // The source may need a newer Go than Debian's, which Go then downloads as a module.
    ["--setenv", "GOTOOLCHAIN", "auto", "--setenv", "CGO_ENABLED", "0", ...goNetwork()],
    ["--chdir", cwd, "--", "go", ...args],
  ].flat();
  return run("nice", ["-n", "19", findProgram("bwrap") ?? "bwrap", ...argv], { what, tell });
}

/** Applies the changes to the source in `folder`. Throws when a text to replace does not occur exactly once. */
export function change(folder) {
  for (const { file, find, replace } of changes) {
    const path = join(folder, file);
    const parts = readFileSync(path, "utf8").split(find);
    if (parts.length !== 2) throw new SetupFault(`gVisor's ${file} is not as expected: the change does not fit`);
    writeFileSync(path, parts.join(replace));
  }
}

async function build(fresh, tell) {
  const work = join(fresh, "work");
  mkdirSync(work, { mode: 0o755 });
  tell("a root file system with Go");
  await buildRootfs({ packages: builder, folder: join(work, "rootfs") }, tell);
  // The mount points must exist.
  for (const path of networkFiles) writeInRoot(join(work, "rootfs"), path);
  tell("downloading gVisor's source");
  const listed = await go(work, ["mod", "download", "-json", `${source.module}@${source.version}`], {
    what: "downloading gVisor's source",
  });
  const { Dir: downloaded } = JSON.parse(listed);
  cpSync(join(work, downloaded.replace(/^\/mnt\//, "")), join(work, "source"), { recursive: true });
  change(join(work, "source"));
  tell("compiling gVisor (some minutes)");
  const flags = ["-trimpath", "-ldflags", `-s -w -X ${source.module}/runsc/version.version=${versionName}`];
  await go(work, ["build", ...flags, "-o", "/mnt/runsc", "./runsc"], {
    cwd: "/mnt/source",
    what: "compiling gVisor",
    tell,
  });
  copyFileSync(join(work, "runsc"), join(fresh, "runsc"));
  chmodSync(join(fresh, "runsc"), 0o755);
  const version = (await run(join(fresh, "runsc"), ["--version"])).split("\n")[0].trim();
  rmSync(work, { recursive: true, force: true });
  const facts = { recipe, version, builtAt: new Date().toISOString() };
  writeFileSync(join(fresh, "tool.json"), `${JSON.stringify(facts, null, 2)}\n`);
}

/** Builds it unless it exists: takes some minutes and about 3 GB of disk. A failure is recorded. */
export async function ensureBuiltRunsc(tell) {
  if (builtIsThere()) return "cached";
  return locked(join(cacheFolder(), "tools", "build.lock"), { tell }, async () => {
    if (builtIsThere()) return "cached";
    try {
      await buildFolder(builtFolder(), (fresh) => build(fresh, tell));
      rmSync(failureFile(), { force: true });
    } catch (error) {
      // It was stopped with the server, which is no failure of the build.
      if (areCommandsStopping()) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      writeWhole(failureFile(), `${JSON.stringify({ reason, at: new Date().toISOString() })}\n`);
      throw error;
    }
    return "built";
  });
}

/** Long enough for the page to open and the images to be built after a first start. */
const startAfterMs = 60_000;

/**
 * Starts the build in its own process after some time, if this process still runs; the build ends when its standard input ends. Its output
 * goes to a file beside the folder. Returns a function that ends it.
 */
export function buildRunscInBackground({ afterMs = startAfterMs } = {}) {
  if (!wantsBuild() || process.env["ATELIER_BUILD_GVISOR"] === "off") return () => undefined;
  let child;
  const timer = setTimeout(() => {
    child = spawn(process.execPath, [join(checkout, "scripts", "build-runsc.mjs"), `${builtFolder()}.log`], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.on("error", () => undefined);
    child.unref();
  }, afterMs);
  timer.unref();
  return () => {
    clearTimeout(timer);
    child?.stdin.end();
  };
}
