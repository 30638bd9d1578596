/** What an archive may try, one by one: each attempt is refused or skipped with its reason, and everything sound comes in. */
import { randomBytes } from "node:crypto";
import { crc32, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type ImportReport, MAX_FILE_BYTES } from "@atelier/contracts";
import { openLiveFilesForFile } from "../live-files/test-live-files.ts";
import { inPieces, tarOf, type ZipFileClaim, zipOf } from "./test-archives.ts";

const { projects, alice } = await openLiveFilesForFile({
  limits: { mostBytes: 40 * 1024 * 1024, mostNodes: 100 },
  mostArchiveBytes: 32 * 1024 * 1024,
});

const importInto = (projectId: string, archive: Buffer): Promise<ImportReport> =>
  projects.imports.importArchive(alice, projectId, {
    body: inPieces(archive, 10_000),
    signal: new AbortController().signal,
  });
const newProject = async (): Promise<string> => (await projects.service.createProject(alice, { name: "Hostile" })).id;
const filesOf = async (projectId: string): Promise<Record<string, string>> => {
  const all = await projects.liveFiles.readAll(alice, projectId, { maxBytes: 1e9 });
  return Object.fromEntries(all.map(({ entry, bytes }) => [entry.path, Buffer.from(bytes).toString()]));
};

const sound: ZipFileClaim[] = [
  { name: "sound.txt", content: "sound" },
  { name: "other/sound.txt", content: "sound too" },
];
const soundFiles = { "sound.txt": "sound", "other/sound.txt": "sound too" };

/** Entries that are skipped with the reason; what they are beside comes in. */
const skipped: ReadonlyArray<readonly [string, string, ZipFileClaim]> = [
  ["climbs out", "path-invalid", { name: "../../etc/passwd", content: "x" }],
  ["climbs out in the middle", "path-invalid", { name: "a/../../b", content: "x" }],
  ["is absolute", "path-invalid", { name: "/etc/passwd", content: "x" }],
  ["climbs out with backslashes", "path-invalid", { name: "..\\..\\evil.txt", content: "x" }],
  ["names a drive", "path-invalid", { name: "C:\\evil.txt", content: "x" }],
  ["has a NUL in its name", "path-invalid", { name: "a.txt\0.png", content: "x" }],
  ["has a terminal's order in its name", "path-invalid", { name: "a\u001b[2J.txt", content: "x" }],
  ["has an empty part", "path-invalid", { name: "a//b", content: "x" }],
  ["has a part that is too long", "path-invalid", { name: "x".repeat(256), content: "x" }],
  ["has a name that is too long", "path-invalid", { name: "x/".repeat(30_000), content: "x" }],
  ["says UTF-8 and is not", "path-invalid", { name: Buffer.from([0x61, 0xff, 0xfe]), content: "x" }],
  ["is there already", "duplicate", { name: "sound.txt", content: "another" }],
  ["is there in other capitals", "name-taken", { name: "SOUND.txt", content: "x" }],
  ["is in a folder with other capitals", "name-taken", { name: "Other/b.txt", content: "x" }],
  ["is below a file", "path-conflict", { name: "sound.txt/b", content: "x" }],
  ["is a file and was a folder", "path-conflict", { name: "other", content: "x" }],
  ["is a symbolic link", "link", { name: "link", content: "/etc/passwd", mode: 0o120777 }],
  ["is a device", "special-file", { name: "null", mode: 0o020666 }],
  ["is a pipe", "special-file", { name: "pipe", mode: 0o010666 }],
  ["is encrypted", "encrypted", { name: "secret.txt", content: "x", flags: 0x801 }],
  ["is packed in another way", "unsupported-compression", { name: "new.txt", content: "x", method: 93 }],
  ["has a wrong checksum", "damaged", { name: "wrong.txt", content: "x", crc: 1 }],
  ["unpacks to more than it says", "damaged", { name: "bomb", content: Buffer.alloc(1_000_000), size: 10 }],
  ["unpacks to less than it says", "damaged", { name: "short", content: "abc", size: 4 }],
  ["is not what its packing says", "damaged", { name: "noise", content: "abc", packed: Buffer.from("not deflated") }],
  ["is where no file is", "damaged", { name: "nowhere", content: "x", hasNoHeader: true }],
  ["is too large", "file-too-large", { name: "large", size: MAX_FILE_BYTES + 1, content: "x" }],
  ["lies in .git", "left-out", { name: ".git/config", content: "x" }],
  ["lies in node_modules", "left-out", { name: "web/node_modules/a/index.js", content: "x" }],
  ["is an operating system's", "left-out", { name: "docs/.DS_Store", content: "x" }],
];

describe("zip archives", () => {
  test.each(skipped)("[P51] an entry that %s is skipped: %s", async (_, reason, claim) => {
    const id = await newProject();
    const report = await importInto(id, zipOf([...sound, claim]));
    expect(report.skipped).toEqual([
      { path: expect.any(String), reason, detail: expect.stringMatching(/^.{3,}\.$/u) as unknown },
    ]);
    expect(report).toMatchObject({ imported: 2, created: 2, skippedCount: 1 });
    expect(await filesOf(id)).toEqual(soundFiles);
    // What is shown of a hostile name is no order to a terminal and not endless.
    expect(report.skipped[0]?.path).toMatch(/^[^\p{Cc}]{1,1024}$/u);
  });

  const refused: ReadonlyArray<readonly [string, string, Buffer]> = [
    [
      "two entries share bytes",
      "projects/archive-invalid",
      zipOf([...sound, { name: "c", content: "sound", sharesWith: 0 }]),
    ],
    [
      "an entry reaches into the next",
      "projects/archive-invalid",
      zipOf([
        { name: "a", content: "abc", packedSize: 60 },
        { name: "b", content: "x" },
      ]),
    ],
    [
      "an entry reaches into the directory",
      "projects/archive-invalid",
      zipOf([{ name: "a", content: "abc", packedSize: 60 }]),
    ],
    ["its directory is elsewhere", "projects/archive-invalid", zipOf(sound, { directoryBy: 7 })],
    ["it has fewer entries than it says", "projects/archive-invalid", zipOf(sound, { entryCount: 5 })],
    ["it is cut short", "projects/archive-invalid", zipOf(sound).subarray(0, -30)],
    [
      "it begins like a zip and is none",
      "projects/archive-invalid",
      Buffer.concat([Buffer.from("PK"), randomBytes(3000)]),
    ],
    ["it is something else", "projects/archive-unsupported", Buffer.from("7z\xbc\xaf\x27\x1c and more", "latin1")],
    ["it is empty", "projects/archive-unsupported", Buffer.alloc(0)],
    [
      "it has too many entries",
      "projects/archive-too-large",
      zipOf(Array.from({ length: 401 }, (_, at) => ({ name: `${at}` }))),
    ],
    [
      "it unpacks to a thousand times its size",
      "projects/archive-too-large",
      zipOf(Array.from({ length: 5 }, (_, at) => ({ name: `${at}`, content: Buffer.alloc(16 * 1024 * 1024) }))),
    ],
    [
      "it is too large",
      "projects/archive-too-large",
      Buffer.concat([Buffer.from("PK"), Buffer.alloc(33 * 1024 * 1024)]),
    ],
  ];
  test.each(refused)("[P52] an archive is refused as a whole when %s: %s", async (_, code, archive) => {
    const id = await newProject();
    await expect(importInto(id, archive)).rejects.toMatchObject({ code });
    expect(await filesOf(id)).toEqual({});
  });

  test("[P52] an archive in an archive stays a file: nothing unpacks for ever", async () => {
    const id = await newProject();
    const inner = zipOf([{ name: "inner.txt", content: "x" }]);
    await importInto(id, zipOf([{ name: "a.zip", content: inner, method: 0 }, ...sound]));
    const entries = await projects.service.tree(alice, id);
    expect(entries.find(({ path }) => path === "a.zip")?.size).toBe(inner.length);
  });

  test("[P53] names are UTF-8 where they are said or found to be, the Unicode path where there is one, else CP437", async () => {
    const id = await newProject();
    const unicodePath = (name: Buffer, path: string): Buffer => {
      const text = Buffer.from(path);
      const extra = Buffer.alloc(9);
      extra.writeUInt16LE(0x7075, 0);
      extra.writeUInt16LE(5 + text.length, 2);
      extra.writeUInt8(1, 4);
      extra.writeUInt32LE(crc32(name), 5);
      return Buffer.concat([extra, text]);
    };
    const old = Buffer.from([0x81, 0x62]);
    await importInto(
      id,
      zipOf([
        { name: "größe.txt", content: "1" },
        { name: "unmarked-é.txt", content: "2", flags: 0 },
        { name: Buffer.from([0x66, 0x81, 0x72, 0x2e, 0x74]), content: "3", flags: 0 },
        { name: old, content: "4", flags: 0, extra: unicodePath(old, "日本.txt") },
        { name: "e\u0301.txt", content: "5" },
      ]),
    );
    expect(Object.keys(await filesOf(id)).toSorted()).toEqual(
      ["größe.txt", "unmarked-é.txt", "für.t", "日本.txt", "\u00e9.txt"].toSorted(),
    );
  });
});

describe("tar archives", () => {
  test("[P51] links, devices and paths out of the project are skipped, in a tar.gz as in a tar", async () => {
    const tar = tarOf([
      { name: "top/a.txt", content: "a" },
      { name: "top/run.sh", content: "#!/bin/sh\n", mode: 0o755 },
      { name: "top/empty/", type: "5" },
      { name: "top/link", type: "2", linkTo: "/etc/passwd" },
      { name: "top/hard", type: "1", linkTo: "top/a.txt" },
      { name: "top/tty", type: "3" },
      { name: "../out.txt", content: "x" },
      { name: "PaxHeader", type: "x", content: "34 path=top/größe/long name.txt\n" },
      { name: "ignored", content: "pax" },
      { name: "././@LongLink", type: "L", content: `top/${"d/".repeat(60)}long.txt\0` },
      { name: "ignored", content: "long" },
    ]);
    for (const archive of [tar, gzipSync(tar)]) {
      const id = await newProject();
      const report = await importInto(id, archive);
      expect(report.skipped.map(({ path, reason }) => [path, reason])).toEqual([
        ["top/link", "link"],
        ["top/hard", "link"],
        ["top/tty", "special-file"],
        ["../out.txt", "path-invalid"],
      ]);
      expect(report).toMatchObject({ imported: 4, folders: 1, strippedFolder: "top" });
      expect(await filesOf(id)).toEqual({
        "a.txt": "a",
        "run.sh": "#!/bin/sh\n",
        "größe/long name.txt": "pax",
        [`${"d/".repeat(60)}long.txt`]: "long",
      });
      const tree = await projects.service.tree(alice, id);
      expect(tree.filter(({ executable }) => executable).map(({ path }) => path)).toEqual(["run.sh"]);
      expect(tree.some(({ path, kind }) => path === "empty" && kind === "folder")).toBe(true);
    }
  });

  const zeros = (mib: number): Buffer => tarOf([{ name: "zeros", content: Buffer.alloc(mib * 1024 * 1024) }]);
  const refused: ReadonlyArray<readonly [string, string, Buffer]> = [
    ["a size goes beyond its end", "projects/archive-invalid", tarOf([{ name: "a", content: "x", size: 1_000_000 }])],
    [
      "it is cut short",
      "projects/archive-invalid",
      tarOf([{ name: "a", content: "x".repeat(5000) }]).subarray(0, 2048),
    ],
    [
      "a header is huge",
      "projects/archive-too-large",
      tarOf([{ name: "p", type: "x", content: Buffer.alloc(2_000_000) }]),
    ],
    [
      "a gzip is cut short",
      "projects/archive-invalid",
      gzipSync(tarOf([{ name: "a", content: randomBytes(9000) }])).subarray(0, -900),
    ],
    ["a gzip holds no tar", "projects/archive-unsupported", gzipSync("just text")],
    ["a gzip unpacks to more than an archive may have", "projects/archive-too-large", gzipSync(zeros(40))],
  ];
  test.each(refused)("[P52] an archive is refused as a whole when %s: %s", async (_, code, archive) => {
    const id = await newProject();
    await expect(importInto(id, archive)).rejects.toMatchObject({ code });
    expect(await filesOf(id)).toEqual({});
  });
});
