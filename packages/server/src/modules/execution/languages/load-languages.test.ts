import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { SandboxFile } from "../ports.ts";
import type { LanguageDeclaration } from "./declaration.ts";
import { commandLinesOf } from "./command-line.ts";
import { LanguageFault, loadLanguages } from "./load-languages.ts";

const folder = join(import.meta.dirname, "../../../../../../languages");
const made: string[] = [];
afterEach(async () => {
  for (const path of made.splice(0)) await rm(path, { recursive: true });
});

const valid = {
  id: "one",
  name: "One",
  order: 1,
  version: "1",
  versionPackage: "one",
  extensions: [".one"],
  aliases: [],
  image: "base",
  run: ["/bin/one", "{entryPoint}"],
  capabilities: ["run"],
  sample: "main.one",
};

const languagesOf = async (given: Record<string, object | string>): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), "languages-"));
  made.push(root);
  for (const [name, content] of Object.entries(given)) {
    await mkdir(join(root, name));
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await writeFile(join(root, name, "language.json"), text);
    if (name !== "sampleless") await writeFile(join(root, name, "main.one"), "hello");
  }
  return root;
};

const requireLanguage = async (id: string): Promise<LanguageDeclaration> => {
  const found = (await loadLanguages(folder)).find((language) => language.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};

const file = (path: string, text: string): SandboxFile => ({ path, bytes: Buffer.from(text), executable: false });

describe("languages as data", () => {
  it("[X21] the product's own languages are valid, have a pretty hello that asks something, and no name twice", async () => {
    const languages = await loadLanguages(folder);
    expect(languages.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["python", "javascript", "typescript", "c", "bash"]),
    );
    for (const { sampleContent, id } of languages) {
      expect(sampleContent.length, id).toBeLessThan(1200);
      expect(sampleContent.split("\n").length, id).toBeLessThan(30);
    }
  });

  it("[X21] every fault of every folder is reported at once", async () => {
    const root = await languagesOf({
      one: valid,
      two: { ...valid, id: "other", aliases: ["one"] },
      broken: "{",
      relative: { ...valid, id: "relative", run: ["one", "x{args}"], extra: 1 },
      sampleless: { ...valid, id: "sampleless", compile: ["/bin/cc"] },
      mixed: { ...valid, id: "mixed", warmUp: ["/bin/other", "/warm"] },
    });
    const fault: unknown = await loadLanguages(root).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(LanguageFault);
    const { faults } = fault as LanguageFault;
    for (const expected of [
      /^broken\/language.json: .*JSON/u,
      /^two.*folder is "two"/u,
      /^other.*"one" is one's already/u,
      /^relative.*Unrecognized key/u,
      /^relative.*absolute path/u,
      /^relative.*whole element/u,
      /^sampleless.*no sample file/u,
      /^sampleless.*come together/u,
      /^mixed.*another program/u,
    ]) {
      expect(
        faults.some((text) => expected.test(text)),
        `${expected} in ${faults.join("\n")}`,
      ).toBe(true);
    }
    expect(faults).toHaveLength(9);
  });

  it("[X21] an empty folder is a fault", async () => {
    await expect(loadLanguages(await languagesOf({}))).rejects.toThrow("there is no language");
  });

  it("[X22] arguments are elements, also when they look like options or shell text", async () => {
    const python = await requireLanguage("python");
    const args = ["-x", "$(reboot)", "a b", "", "{entryPoint}"];
    const { run, compile } = commandLinesOf(python, { entryPoint: "-c", args, files: [] });
    expect(run).toEqual(["/usr/bin/python3", "-u", "./-c", ...args]);
    expect(compile).toBeUndefined();
  });

  it.each(["-c.py", "@x.py", "+x.py", "%d.py", "a=b.py", "data:x.py", "inspect", " x.py"])(
    "[X22] %j is given as a path and nothing else",
    async (entryPoint) => {
      const { run } = commandLinesOf(await requireLanguage("python"), { entryPoint, args: [], files: [] });
      expect(run.at(-1)).toBe(`./${entryPoint}`);
    },
  );

  it.each(["main.py", "a/b c.py", ".hidden.py", "ü.py", "a/-c.py"])("[X22] %j stays as it is", async (entryPoint) => {
    const { run } = commandLinesOf(await requireLanguage("python"), { entryPoint, args: [], files: [] });
    expect(run.at(-1)).toBe(entryPoint);
  });

  it("[X22] linked sources leave out other programs of the project", async () => {
    const c = await requireLanguage("c");
    const files = [
      file("z.c", "int z(void) { return 1; }"),
      file("main.c", "int main(void) {}"),
      file("other.c", "int main (int argc, char **argv) {}"),
      file("lib/a.c", "int domain(int a);"),
      file("a.h", ""),
    ];
    const { compile } = commandLinesOf(c, { entryPoint: "main.c", args: [], files });
    expect(compile?.filter((part) => part.endsWith(".c"))).toEqual(["main.c", "lib/a.c", "z.c"]);
  });
});
