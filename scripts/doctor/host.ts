/** The features of this machine that sandboxes need: user namespaces, cgroups, KVM, disk space. */
import { accessSync, constants, existsSync, readFileSync, statfsSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { findCgroupLayout } from "../../packages/server/src/platform/sandboxes/limits/cgroup-layout.ts";
import { succeeds } from "../lib/command.mjs";
import { missingSubordinateIds } from "../lib/subordinate-ids.mjs";
import { type AppArmorFacts, appArmorFinding, readAppArmor } from "./app-armor.ts";
import type { Finding } from "./finding.ts";

const isRoot = process.getuid?.() === 0;

const readNumber = (path: string): number | undefined =>
  existsSync(path) ? Number(readFileSync(path, "utf8")) : undefined;

const node = (): Finding => ({
  state: Number(process.versions.node.split(".")[0]) >= 24 ? "good" : "bad",
  what: "Node",
  says: `${process.versions.node} runs the server`,
});

const user = (): Finding =>
  isRoot
    ? { state: "good", what: "user", says: "root: sandboxes get user ids of their own, the database a system user" }
    : {
        state: "good",
        what: "user",
        says: `${userInfo().username}, an ordinary user: sandboxes run in user namespaces`,
      };

const userNamespaces = async ({ enabled, restrictsUserNamespaces }: AppArmorFacts): Promise<Finding> => {
  const what = "user namespaces";
  if (await succeeds("unshare", ["--user", "--map-root-user", "true"]))
    return { state: "good", what, says: "can be made" };
  if (enabled && restrictsUserNamespaces && !isRoot) return { state: "bad", what, says: "denied by AppArmor" };
  const limit = readNumber("/proc/sys/user/max_user_namespaces");
  const debian = readNumber("/proc/sys/kernel/unprivileged_userns_clone");
  const says = limit === 0 || debian === 0 ? "switched off by the kernel's settings" : "cannot be made here";
  const remedy =
    debian === 0 ? "sudo sysctl kernel.unprivileged_userns_clone=1" : "sudo sysctl user.max_user_namespaces=15000";
  return { state: isRoot ? "worse" : "bad", what, says, remedy };
};

const subordinateIds = (): Finding => {
  const what = "subordinate ids";
  if (isRoot) return { state: "good", what, says: "not needed as root" };
  const remedy = missingSubordinateIds();
  if (remedy === undefined) return { state: "good", what, says: "in /etc/subuid and /etc/subgid" };
  return { state: "worse", what, says: "this user has none: images cannot be built", remedy };
};

const cgroups = (): Finding => {
  const what = "cgroups";
  const layout = findCgroupLayout();
  if (layout !== undefined)
    return { state: "good", what, says: `version ${layout.version}: the kernel enforces memory and CPU limits` };
  const canDelegate = !isRoot && existsSync("/run/systemd/system");
  const remedy = canDelegate ? { remedy: "systemd-run --user --scope -p Delegate=yes npm start" } : {};
  return { state: "worse", what, says: "can't be created here: limits are polled every 50 ms", ...remedy };
};

const kvm = (): Finding => {
  const what = "KVM";
  // Opening it proves little: the KVM of some hosts can't boot an ordinary guest.
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return { state: "plain", what, says: "/dev/kvm is here; the microvm tier that would use it is later work" };
  } catch {
    return { state: "plain", what, says: "not here; the microvm tier that would use it is later work" };
  }
};

const disk = (name: string, path: string): Finding => {
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  const freeGib = (bavail * bsize) / 2 ** 30;
  const says = `${freeGib.toFixed(1)} GiB free for ${path}`;
  return freeGib >= 2 ? { state: "good", what: name, says } : { state: "bad", what: name, says: `only ${says}` };
};

/** All findings about the machine; `folders` are name -> path of folders that grow. */
export const hostFindings = async (
  folders: Readonly<Record<string, string>>,
  appArmor = readAppArmor(),
): Promise<Finding[]> => [
  node(),
  user(),
  await userNamespaces(appArmor),
  appArmorFinding(appArmor, isRoot),
  subordinateIds(),
  cgroups(),
  kvm(),
  ...Object.entries(folders).map(([name, path]) => disk(name, path)),
];
