/** The documents are true to the tree: every requirement is there once, and every page or file they point at exists. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLOSE, sockets } from "@atelier/contracts";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

/** Relative links of a page, without their fragments. */
const linksOf = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? "")
    .filter((target) => !/^(https?:|#)/.test(target));

type Row = { readonly id: string; readonly evidence: string; readonly state: string };

const rowsOf = (text: string): Row[] =>
  [...text.matchAll(/^\| ([A-Z][\w.]*) \|.*\| (.*?) \| ([^|]*?) \|$/gm)].map(
    ([, id = "", evidence = "", state = ""]) => ({
      id,
      evidence,
      state,
    }),
  );

describe("requirements", () => {
  const text = read("docs/requirements.md");
  const listed = (/<!-{2} ids\s([\s\S]*?)-{2}>/.exec(text)?.[1] ?? "").split(/\s+/).filter(Boolean);
  const rows = rowsOf(text);

  test("every id of the list has exactly one row", () => {
    expect(listed.length).toBe(237);
    expect(rows.map(({ id }) => id)).toEqual(listed);
  });

  test("what is here or in part is shown by something, what is later by nothing", () => {
    const states = rows.map(({ state }) => state.split(":")[0]);
    expect(new Set(states)).toEqual(new Set(["here", "part", "later"]));
    expect(rows.filter(({ evidence, state }) => (state === "later") !== (evidence === ""))).toEqual([]);
  });
});

test.each(pages)("%s points only at what exists", (page) => {
  const broken = linksOf(read(page)).filter((link) => !existsSync(join(root, dirname(page), link.replace(/#.*$/, ""))));
  expect(broken).toEqual([]);
});

const specifications = ["packages/server/src", "packages/run-configurations"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("SPEC.md"))
    .map((name) => join(folder, name)),
);

const rulesOf = (page: string): string[] =>
  [...read(page).matchAll(/^- (?:\*\*\[)?([A-Z]+\d+)\b/gm)].map(([, number = ""]) => number);

/** A rebase may leave a rule twice, or two rules with one number. */
test.each(specifications)("%s gives each rule a number of its own", (page) => {
  const numbers = rulesOf(page);
  expect(numbers.filter((number, at) => numbers.indexOf(number) !== at)).toEqual([]);
});

test("the specifications have rules", () => {
  expect(specifications.flatMap(rulesOf).length).toBeGreaterThan(100);
});

test("every decision is in the list of decisions", () => {
  const listed = linksOf(read("docs/adr/README.md"));
  const there = readdirSync(join(root, "docs/adr")).filter((name) => /^\d{4}-/.test(name));
  expect(there.length).toBeGreaterThan(0);
  expect(listed).toEqual(there.toSorted());
});

test("every socket and every close code is in the tables of the architecture, and nothing else is", () => {
  const text = read("docs/architecture.md");
  const section = /^## Sockets$([\s\S]*?)^## /m.exec(text)?.[1] ?? "";
  const first = (pattern: RegExp): string[] => [...section.matchAll(pattern)].map(([, cell = ""]) => cell);
  expect(first(/^\| `WS \/api([^`]+)` \|/gm).toSorted()).toEqual(Object.values(sockets).toSorted());
  const own = [1000, 1002, 1009, 1011];
  expect(first(/^\| (\d{4}) \|/gm).map(Number)).toEqual([...own, ...Object.values(CLOSE)].toSorted((a, b) => a - b));
});

/** The paths that a text names in backquotes, written out; see the section on walks. */
const pathsIn = (text: string): string[] => {
  let module = "";
  let last = "";
  return [...text.matchAll(/`([^`\s]+)`/g)].flatMap(([, name = ""]) => {
    const isWhole = /^(modules|platform|roles)\//.test(name);
    if (!isWhole && !/^(…|[\w-]+(\/[\w-]+)*)(\/[\w-]+)?\.ts$/.test(name)) return [];
    if (isWhole) [module = ""] = /^\w+\/[\w-]+/.exec(name) ?? [];
    last = isWhole ? name : name.startsWith("…") ? join(dirname(last), name.slice(2)) : join(module, name);
    return [join("packages/server/src", last)];
  });
};

describe("the walks of the architecture", () => {
  const text = read("docs/architecture.md");
  const section = /^## Four walks through the server$([\s\S]*?)^## /m.exec(text)?.[1] ?? "";
  const walks = section.split(/^- /m).slice(1);

  test("name only files that exist, at least four in each", () => {
    expect(walks.length).toBe(4);
    const paths = walks.map(pathsIn);
    expect(paths.filter((walk) => walk.length < 4)).toEqual([]);
    expect(paths.flat().filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("are read as they say", () => {
    expect(pathsIn("`modules/a/b/c.ts`, `…/d.ts`, in `modules/e` `f/g.ts`, `LiveFiles`, `h.ts`")).toEqual(
      ["modules/a/b/c.ts", "modules/a/b/d.ts", "modules/e", "modules/e/f/g.ts", "modules/e/h.ts"].map((path) =>
        join("packages/server/src", path),
      ),
    );
  });
});

test("every folder that the architecture names exists", () => {
  const named = [
    ...read("docs/architecture.md").matchAll(/`((?:modules|platform|roles|features|packages|tests)\/[\w./-]+)`/g),
  ];
  const roots = ["", "packages/server/src", "packages/web/src"];
  const missing = named.filter(([, path = ""]) => !roots.some((folder) => existsSync(join(root, folder, path))));
  expect(named.length).toBeGreaterThan(40);
  expect(missing.map(([, path]) => path)).toEqual([]);
});

test("documents and code tell nothing about the machine they were written on", () => {
  const telling = /\/work\/(?!tree)|\/tmp\/bash|\/root\//;
  expect(pages.filter((page) => telling.test(read(page)))).toEqual([]);
});
