// Debian's archive, read through apt with lists of our own, so that the host's sources and packages stay as they are.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { findProgram, run } from "./command.mjs";
import { SetupFault } from "./fault.mjs";
import { installCommand, serverPackages } from "./system-packages.mjs";

export const suite = "trixie";
export const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Node's name of this processor -> Debian's. */
export function debianArchitecture() {
  const name = { x64: "amd64", arm64: "arm64" }[process.arch];
  if (!name) throw new SetupFault(`there are no images for the processor ${process.arch}`);
  return name;
}

/** One-line apt sources of the suite with its updates; ATELIER_DEBIAN_MIRROR replaces both addresses by one mirror. */
export function sources() {
  const mirror = process.env["ATELIER_DEBIAN_MIRROR"];
  const main = mirror ?? "http://deb.debian.org/debian";
  const security = mirror ? `${mirror.replace(/\/$/, "")}-security` : "http://deb.debian.org/debian-security";
  const options = `[signed-by=${keyring}]`;
  return [
    `deb ${options} ${main} ${suite} main`,
    `deb ${options} ${main} ${suite}-updates main`,
    `deb ${options} ${security} ${suite}-security main`,
  ];
}

/** Throws a fault that names what to install when `programs` or Debian's keys are not on this machine. */
export function requireArchiveTools(programs) {
  const lacking = serverPackages.filter(({ program, file }) =>
    program ? programs.includes(program) && !findProgram(program) : file === keyring && !existsSync(file),
  );
  for (const program of programs) {
    if (!findProgram(program) && !lacking.some((one) => one.program === program)) {
      throw new SetupFault(`${program} is not on this machine: images and tools come from Debian's archive through it`);
    }
  }
  if (lacking.length > 0) {
    throw new SetupFault(`missing: ${lacking.map(({ name }) => name).join(", ")}`, { hint: installCommand(lacking) });
  }
}

/** Downloads packages of the suite, without dependencies, and unpacks them into `folder`; works as an ordinary user. */
export async function unpackPackages(names, folder, tell) {
  requireArchiveTools(["apt-get", "dpkg-deb"]);
  const work = mkdtempSync(join(tmpdir(), "atelier-apt-"));
  try {
    for (const name of ["lists/partial", "archives/partial", "debs"]) mkdirSync(join(work, name), { recursive: true });
    writeFileSync(join(work, "sources.list"), `${sources().join("\n")}\n`);
    writeFileSync(join(work, "status"), "");
    const settings = {
      "Dir::Etc::SourceList": join(work, "sources.list"),
      "Dir::Etc::SourceParts": "/dev/null",
      "Dir::State": work,
      "Dir::State::status": join(work, "status"),
      "Dir::State::Lists": join(work, "lists"),
      "Dir::Cache": work,
      "APT::Architecture": debianArchitecture(),
      "APT::Sandbox::User": process.getuid() === 0 ? "root" : "",
      "Acquire::Languages": "none",
      "Acquire::Retries": "3",
    };
    const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    await run("apt-get", [...options, "update"], { tell, what: `reading Debian ${suite}'s package list` });
    await run("apt-get", [...options, "download", ...names], {
      cwd: join(work, "debs"),
      tell,
      what: `downloading ${names.join(", ")}`,
    });
    for (const deb of readdirSync(join(work, "debs"))) {
      await run("dpkg-deb", ["--extract", join(work, "debs", deb), folder], { what: `unpacking ${deb}` });
    }
    return readdirSync(join(work, "debs")).map((deb) => decodeURIComponent(deb));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
