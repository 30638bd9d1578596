import { describe, expect, it } from "vitest";
import { createWebhookTargets, TargetRefused, type TargetOptions } from "./webhook-target.ts";

const targetsWith = (options: Partial<TargetOptions> = {}) =>
  createWebhookTargets({
    allowedHosts: [],
    ownHosts: ["atelier.example"],
    ownAddresses: () => ["8.8.4.4", "2606:4700:4700::1111", "127.0.0.1"],
    resolve: async () => ["1.1.1.1"],
    ...options,
  });

describe("[X75] the URL of a webhook", () => {
  it.each([
    "https://hooks.example/path?query=1",
    "http://hooks.example:8080/",
    "https://1.1.1.1/",
    "https://[2606:4700::1]:8443/",
    "https://xn--bcher-kva.example/",
  ])("%s is accepted", (url) => expect(targetsWith().refusalOf(url)).toBeUndefined());

  it.each([
    "ftp://hooks.example/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://user:secret@hooks.example/",
    "https://user@hooks.example/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://app.localhost/",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://postgres:5432/",
    "https://atelier.example/api/executions",
    "https://atelier.example./",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.0x1/",
    "http://\u0967\u0968\u096d.0.0.1/",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://127\u30020\u30020\u30021/",
    "http://0/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[fd00:ec2::254]/",
    "http://8.8.4.4/",
    "http://[2606:4700:4700::1111]/",
    "https://hooks.example:22/",
    "https://hooks.example:25/",
    "https://hooks.example:0/",
    "https://hooks.example:6667/",
    "https:///",
    "hooks.example",
    `https://hooks.example/${"a".repeat(2048)}`,
  ])("%s is refused", (url) => expect(targetsWith().refusalOf(url)).toMatch(/^(A webhook|Webhooks)/u));
});

describe("[X75] the address that a delivery connects to", () => {
  const refusedFor = async (addresses: string[]): Promise<unknown> =>
    targetsWith({ resolve: async () => addresses })
      .addressOf(new URL("https://hooks.example/"))
      .catch((error: unknown) => error);

  it("is the one that was checked: the name is resolved once", async () => {
    let asked = 0;
    const targets = targetsWith({
      // A DNS server that answers differently the second time.
      resolve: async () => (asked++ === 0 ? ["1.1.1.1"] : ["127.0.0.1"]),
    });
    expect(await targets.addressOf(new URL("https://hooks.example/"))).toBe("1.1.1.1");
    expect(asked).toBe(1);
  });

  it.each([[["127.0.0.1"]], [["1.1.1.1", "10.0.0.1"]], [["::ffff:10.0.0.1"]], [["8.8.4.4"]], [["fe80::1"]]])(
    "a name with %j is refused",
    async (addresses) => expect(await refusedFor(addresses)).toBeInstanceOf(TargetRefused),
  );

  it("an address in the URL is checked again, without the DNS", async () => {
    const targets = targetsWith({ resolve: () => Promise.reject(new Error("no DNS")) });
    expect(await targets.addressOf(new URL("https://1.1.1.1/"))).toBe("1.1.1.1");
    await expect(targets.addressOf(new URL("http://127.0.0.1/"))).rejects.toBeInstanceOf(TargetRefused);
  });

  it("[X76] hosts that the operator names may be private, with their port where one is named", async () => {
    const targets = targetsWith({ allowedHosts: ["127.0.0.1:8081", "localhost", "[::1]:90"] });
    expect(await targets.addressOf(new URL("http://127.0.0.1:8081/"))).toBe("127.0.0.1");
    expect(["127.0.0.1", "::1"]).toContain(await targets.addressOf(new URL("http://localhost:22/")));
    expect(targets.refusalOf("http://[::1]:90/")).toBeUndefined();
    expect(targets.refusalOf("http://127.0.0.1:8082/")).toBeDefined();
    expect(targets.refusalOf("http://[::1]:91/")).toBeDefined();
    expect(targets.refusalOf("http://user@127.0.0.1:8081/")).toBeDefined();
  });
});
