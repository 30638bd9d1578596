/** AppArmor's restrictions of sandboxes on Ubuntu: user namespaces of ordinary users, and rights of programs in bubblewrap. */
import { existsSync, readFileSync } from "node:fs";
import type { Finding } from "./finding.ts";

/** The state of AppArmor on a machine. */
export type AppArmorFacts = {
  readonly enabled: boolean;
  /** kernel.apparmor_restrict_unprivileged_userns: on by default since Ubuntu 24.04. */
  readonly restrictsUserNamespaces: boolean;
  /** The profile bwrap-userns-restrict is in force: by default since Ubuntu 25.04. */
  readonly restrictsBubblewrap: boolean;
};

const profile = "/etc/apparmor.d/bwrap-userns-restrict";
const disabled = "/etc/apparmor.d/disable/bwrap-userns-restrict";

const read = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8").trim() : "");

/** Reads this machine's. */
export const readAppArmor = (): AppArmorFacts => ({
  enabled: read("/sys/module/apparmor/parameters/enabled") === "Y",
  restrictsUserNamespaces: read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1",
  restrictsBubblewrap: existsSync(profile) && !existsSync(disabled),
});

const what = "AppArmor";
const gvisorIsFine = "; gVisor works";

/** The consequence for sandboxes that root or an ordinary user starts. */
export const appArmorFinding = (facts: AppArmorFacts, isRoot: boolean): Finding => {
  if (!facts.enabled) return { state: "good", what, says: "does not restrict sandboxes" };
  if (facts.restrictsUserNamespaces && !isRoot) {
    const says = "denies user namespaces to ordinary users (Ubuntu's default since 24.04): start as root, or";
    return { state: "bad", what, says, remedy: "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0" };
  }
  if (facts.restrictsBubblewrap) {
    const says = `its profile for bubblewrap prevents the namespaces tier${gvisorIsFine}`;
    return {
      state: "worse",
      what,
      says,
      remedy: `sudo ln -s ${profile} ${disabled} && sudo apparmor_parser -R ${profile}`,
    };
  }
  return { state: "good", what, says: "does not restrict sandboxes" };
};
