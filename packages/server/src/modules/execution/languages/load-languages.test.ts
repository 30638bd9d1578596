import type { SourceText } from "./command-line.ts";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { createLanguageCatalog } from "../language-catalog.ts";
import { resolveLimits } from "../plan-limits.ts";
import type { LanguageDeclaration } from "./load-languages.ts";
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
  floors: { memoryMiB: 16, processes: 1 },
  editor: { id: "one" },
  sample: "main.one",
};

const named = (id: string) => ({ ...valid, id, extensions: [`.${id}`], sample: `main.${id}` });

const languagesOf = async (given: Record<string, object | string>): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), "languages-"));
  made.push(root);
  await mkdir(join(root, "images"));
  await writeFile(join(root, "images", "base.json"), "{}");
  for (const [name, content] of Object.entries(given)) {
    await mkdir(join(root, name));
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await writeFile(join(root, name, "language.json"), text);
    const { id } = { id: name, ...(typeof content === "string" ? {} : content) };
    if (name !== "sampleless") await writeFile(join(root, name, `main.${id}`), "hello");
  }
  return root;
};

const requireLanguage = async (id: string): Promise<LanguageDeclaration> => {
  const found = (await loadLanguages(folder)).find((language) => language.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};

const file = (path: string, text: string): SourceText => ({ path, bytes: Buffer.from(text) });

describe("languages as data", () => {
  it("[X21] the product's own languages are valid, have a pretty hello that asks something, and no name twice", async () => {
    const languages = await loadLanguages(folder);
    expect(languages.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["python", "javascript", "typescript", "c", "bash"]),
    );
    for (const { sampleContent, id } of languages) {
      expect(sampleContent.length, id).toBeLessThan(1300);
      expect(sampleContent.split("\n").length, id).toBeLessThan(48);
      expect(sampleContent, `${id}: escape sequences`).not.toMatch(/"[^"\n]*\\[nrtx0u][^"\n]*"/u);
    }
  });

  it("[X21] every fault of every folder is reported at once", async () => {
    const root = await languagesOf({
      one: valid,
      two: { ...named("other"), aliases: ["one"] },
      broken: "{",
      relative: { ...named("relative"), run: ["one", "x{args}"], extra: 1 },
      sampleless: { ...named("sampleless"), compile: [["/bin/cc"]] },
      mixed: { ...named("mixed"), warmUp: ["/bin/other", "/warm"] },
      imageless: { ...named("imageless"), image: "none", extensions: [".imageless", ".one"] },
      floorless: { ...named("floorless"), floors: { memoryMiB: 8, processes: 1 } },
      unreadable: { ...named("unreadable"), errors: { positions: ["(", "x"] } },
      editorless: { ...named("editorless"), editor: { id: "x", grammar: "other/x", badge: { letters: "abc" } } },
      except: { ...named("except"), editor: { id: "x", except: { ".y": { id: "z" } } } },
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
      /^imageless.*no recipe images\/none.json/u,
      /^one.*extension "\.one" is imageless's already/u,
      /^floorless.*floors: memoryMiB/u,
      /^unreadable.*errors: positions: 0: This is not a regular expression/u,
      /^unreadable.*errors: positions: 1: A position has the groups/u,
      /^editorless.*editor: grammar: A grammar is/u,
      /^editorless.*editor: badge: letters/u,
      /^editorless.*editor: badge: hue/u,
      /^except.*\.y is in neither/u,
    ]) {
      expect(
        faults.some((text) => expected.test(text)),
        `${expected} in ${faults.join("\n")}`,
      ).toBe(true);
    }
    expect(faults).toHaveLength(19);
  });

  it("[X21] a folder more is a language more, with its floors", async () => {
    const root = await languagesOf({});
    await cp(folder, root, { recursive: true });
    await cp(join(folder, "../tests/fixtures/languages"), root, { recursive: true });
    const catalog = createLanguageCatalog({
      languagesFolder: root,
      images: { find: async () => ({ layers: ["/image"], versions: {}, bytes: 9 }), markUsed: async () => undefined },
      clock: systemClock,
      log: silentLog,
      onReady: () => undefined,
      onGone: () => undefined,
      progressOf: () => undefined,
    });
    await catalog.load();
    await catalog.watch();
    const ids = (await loadLanguages(folder)).map(({ id }) => id);
    expect(catalog.list(true).map(({ id }) => id)).toEqual([...ids, "invented"]);
    expect(catalog.list(true).at(-1)).toMatchObject({ name: "Invented", extensions: [".inv"], ready: true });
    const floors = catalog.find("inv")?.declaration.floors ?? { memoryMiB: 0, processes: 0 };
    const asked = { memoryBytes: 32 * 1_048_576 };
    expect(() => resolveLimits({ plan: "free", asked, floors })).toThrow("67108864");
    expect(resolveLimits({ plan: "free", asked: {}, floors })).toMatchObject({ processes: 200 });
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

  it("[X91] sources are those of the language: in the project or beside the started file, without tests, in the order that they need", async () => {
    const go = await requireLanguage("go");
    const main = file("cmd/main.go", "package main\nfunc main() {}");
    const beside = [
      file("cmd/b.go", "package main"),
      file("cmd/a_test.go", "package main"),
      file("lib/c.go", "package lib"),
    ];
    const { compile } = commandLinesOf(go, { entryPoint: "cmd/main.go", args: [], files: [main, ...beside] });
    expect(compile?.at(-1)?.filter((part) => part.endsWith(".go"))).toEqual(["cmd/main.go", "cmd/b.go"]);

    const fortran = await requireLanguage("fortran");
    const files = [
      file("main.f90", "program main\n  use a_first\nend program"),
      file("a.f90", "module A_First\n  use, intrinsic :: iso_c_binding\n  USE zed\nend module"),
      file("z.f90", "module zed\nend module"),
      file("other.f90", "program other\nend program"),
    ];
    const built = commandLinesOf(fortran, { entryPoint: "main.f90", args: [], files }).compile?.at(-1);
    expect(built?.filter((part) => part.endsWith(".f90"))).toEqual(["z.f90", "a.f90", "main.f90"]);
  });

  it("[X91] a folder for what compilers write is made first; the class that is started follows the file, or what it says", async () => {
    const kotlin = await requireLanguage("kotlin");
    const start = (path: string, text: string): string | undefined => {
      const { run } = commandLinesOf(kotlin, { entryPoint: path, args: ["x"], files: [file(path, text)] });
      return run.at(-2);
    };
    expect(start("src/my app.kt", "fun main() {}")).toBe("My_appKt");
    expect(start("main.kt", "package a.b\nfun main() {}")).toBe("a.b.MainKt");
    expect(start("main.kt", '@file:JvmName("Start")\npackage a\nfun main() {}')).toBe("a.Start");

    const erlang = await requireLanguage("erlang");
    const { compile, run } = commandLinesOf(erlang, { entryPoint: "src/main.erl", args: [], files: [] });
    expect(compile?.[0]).toEqual(["/usr/bin/mkdir", "-p", "/tmp/build"]);
    expect(run).toEqual(["/usr/bin/escript", "/tmp/build/main.beam"]);

    const haskell = await requireLanguage("haskell");
    const folders = (entryPoint: string): readonly string[] =>
      commandLinesOf(haskell, { entryPoint, args: [], files: [] }).compile?.at(-1) ?? [];
    expect(folders("main.hs")).toContain("-i.");
    expect(folders("-x/main.hs")).toContain("-i./-x");
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
    expect(compile?.at(-1)?.filter((part) => part.endsWith(".c"))).toEqual(["main.c", "lib/a.c", "z.c"]);
  });
});
