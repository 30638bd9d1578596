/** The configuration: every fault at once, secrets from files, and a page that tells the truth. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rateLimitPoints } from "#platform/rate-limits";
import { ConfigurationFaults, describeConfiguration, readConfiguration } from "./config.ts";

const faultsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    readConfiguration(environment);
  } catch (error) {
    if (error instanceof ConfigurationFaults) return error.faults;
    throw error;
  }
  return [];
};

describe("configuration", () => {
  it("has defaults for everything, and takes an empty variable for one that is not set", () => {
    const settings = readConfiguration({ PUBLIC_URL: "", PORT: "", DATABASE_URL: "" });
    expect(settings).toMatchObject({ HOST: "127.0.0.1", PORT: 3000, GUESTS: true, SANDBOX: "auto", BASE_PATH: "" });
    expect(settings.DATABASE_URL).toBeUndefined();
  });

  it("takes HOMES=postgres only with what its servers have to share", () => {
    const shared = {
      DATABASE_URL: "postgres://db.example/atelier",
      SECRET_KEY: "k".repeat(40),
      BLOBS_DIR: "/srv/blobs",
    };
    expect(readConfiguration({ HOMES: "postgres", ...shared }).HOMES).toBe("postgres");
    expect(faultsOf({ HOMES: "postgres" })).toEqual(
      Object.keys(shared).map((name) => `HOMES: postgres needs ${name}, the same for all servers on the database.`),
    );
  });

  it("tells all faults at once, one line each, and no value", () => {
    const faults = faultsOf({
      PORT: "ninety",
      GUESTS: "perhaps",
      PUBLIC_URL: "https://example.org/path",
      BASE_PATH: "no slash",
      TRUST_PROXY: "everybody",
      SECRET_KEY: "hunter2",
      ROLES: "gateway",
      REDIS_URL: "redis://secret@host",
      LOG_LEVEL: "loud",
    });
    const names = faults.map((line) => line.split(":")[0]);
    expect(new Set(names)).toEqual(
      new Set([
        "PORT",
        "GUESTS",
        "PUBLIC_URL",
        "BASE_PATH",
        "TRUST_PROXY",
        "SECRET_KEY",
        "ROLES",
        "REDIS_URL",
        "LOG_LEVEL",
      ]),
    );
    expect(faults.join("\n")).not.toMatch(/hunter2|ninety|secret@/u);
    for (const line of faults) expect(line).not.toContain("\n");
  });

  it("says that what has no adapter yet is not supported", () => {
    for (const name of ["REDIS_URL", "S3_ENDPOINT", "KAFKA_BROKERS", "OIDC_ISSUER"]) {
      expect(faultsOf({ [name]: "x" })).toEqual([`${name}: not supported yet; leave it out.`]);
    }
    expect(faultsOf({ SANDBOX: "microvm" })[0]).toMatch(/^SANDBOX: .*not supported yet/u);
    expect(faultsOf({ TLS_CERT_FILE: "/c.pem" })[0]).toMatch(/^TLS_CERT_FILE, TLS_KEY_FILE/u);
  });

  it("reads secrets from files, and says which file it could not read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "atelier-config-"));
    try {
      const file = join(folder, "key");
      await writeFile(file, `${"k".repeat(40)}\n`);
      expect(readConfiguration({ SECRET_KEY_FILE: file }).SECRET_KEY).toBe("k".repeat(40));
      expect(faultsOf({ SECRET_KEY_FILE: join(folder, "missing") })[0]).toContain(join(folder, "missing"));
      expect(faultsOf({ SECRET_KEY_FILE: file, SECRET_KEY: "x".repeat(40) })[0]).toContain("both");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("limits strangers more than one's own machine, and as told by hand", () => {
    const settings = readConfiguration({ RATE_LIMIT_WRITE: "7" });
    const local = rateLimitPoints(settings, { onlyLocal: true });
    const open = rateLimitPoints(settings, { onlyLocal: false });
    expect([local.write, open.write]).toEqual([7, 7]);
    expect(local.read).toBeGreaterThan(open.read);
    expect(faultsOf({ RATE_LIMIT_READ: "0", RATE_LIMIT_EXECUTE: "many" })).toHaveLength(2);
  });

  it("normalises addresses", () => {
    const settings = readConfiguration({
      PUBLIC_URL: "https://Example.org:443/",
      BASE_PATH: "/atelier/",
      ASSET_BASE_URL: "https://cdn.example/x/",
    });
    expect(settings.PUBLIC_URL).toBe("https://example.org");
    expect(settings.BASE_PATH).toBe("/atelier");
    expect(settings.ASSET_BASE_URL).toBe("https://cdn.example/x");
  });

  it("is described by docs/configuration.md as it is now", async () => {
    const page = await readFile(join(import.meta.dirname, "../../../docs/configuration.md"), "utf8");
    expect(page).toBe(describeConfiguration());
    expect(page.match(/^\| `/gmu)?.length).toBeGreaterThan(25);
  });
});
