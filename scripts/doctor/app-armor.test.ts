/** Ubuntu's restrictions are reported to the users whom they concern, with the command that lifts them. */
import { expect, test } from "vitest";
import { appArmorFinding } from "./app-armor.ts";

const off = { enabled: false, restrictsUserNamespaces: false, restrictsBubblewrap: false };
const ubuntu2404 = { enabled: true, restrictsUserNamespaces: true, restrictsBubblewrap: false };
const ubuntu2604 = { ...ubuntu2404, restrictsBubblewrap: true };

test("without AppArmor its files are ignored, and nothing is restricted", () => {
  for (const isRoot of [true, false]) {
    expect(appArmorFinding(off, isRoot).state).toBe("good");
    expect(appArmorFinding({ ...ubuntu2604, enabled: false }, isRoot).state).toBe("good");
  }
});

test("Ubuntu 24.04 prevents both tiers for an ordinary user, and none for root", () => {
  const finding = appArmorFinding(ubuntu2404, false);
  expect(finding.state).toBe("bad");
  expect(finding.remedy).toBe("sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0");
  expect(appArmorFinding(ubuntu2404, true).state).toBe("good");
});

test("Ubuntu 26.04 restricts bubblewrap for root too, which is `worse` and not `bad`, because gVisor works", () => {
  expect(appArmorFinding(ubuntu2604, true)).toMatchObject({
    state: "worse",
    says: expect.stringMatching(/gVisor works/u),
  });
  expect(appArmorFinding({ ...ubuntu2604, restrictsUserNamespaces: false }, false)).toMatchObject({
    state: "worse",
    remedy: expect.stringContaining("apparmor_parser -R /etc/apparmor.d/bwrap-userns-restrict"),
  });
  expect(appArmorFinding(ubuntu2604, false).state).toBe("bad");
});
