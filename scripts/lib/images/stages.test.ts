/** The percentage of a build. */
import { expect, test } from "vitest";
import { aptStatus } from "./apt.mjs";
import { createStages } from "./stages.mjs";

test("the percentage follows the stages' weights, never falls and is told once", () => {
  const told: string[] = [];
  const stages = createStages(
    [
      ["download", 30],
      ["install", 60],
      ["check", 10],
    ],
    ({ percent, step }) => told.push(`${percent} ${step}`),
  );
  const download = stages.begin("download", "downloading");
  download(0.5);
  download(0.5);
  download(1, "file 2");
  const install = stages.begin("install", "unpacking");
  install(0.5, "unpacking a");
  install(0.25, "setting up b");
  install(7);
  stages.begin("check", "checking")(1);
  expect(told).toEqual([
    "0 downloading",
    "15 downloading",
    "30 file 2",
    "30 unpacking",
    "60 unpacking a",
    "60 setting up b",
    "90 unpacking",
    "90 checking",
    "99 checking",
  ]);
  expect(() => stages.begin("unknown", "")).toThrow("unknown is no stage");
});

test("apt's status lines become a share of downloading or installing", () => {
  expect(aptStatus("dlstatus:1:20.5:Retrieving file 1 of 3 (5s remaining)")).toEqual({
    stage: "download",
    share: 0.205,
    step: "downloading (file 1 of 3 (5s remaining))",
  });
  expect(aptStatus("pmstatus:libc6:amd64:40.0000:Unpacking libc6 (amd64)")).toEqual({
    stage: "install",
    share: 0.4,
    step: "unpacking libc6",
  });
  expect(aptStatus("pmstatus:ruby:83.0986:Configuring ruby (amd64)")?.step).toBe("setting up ruby");
  expect(aptStatus("pmstatus:ruby:81.6901:Preparing to configure ruby (amd64)")?.step).toBe("setting up ruby");
  expect(aptStatus("pmstatus:dpkg-exec:0.0000:Running dpkg")?.step).toBe("unpacking packages");
  for (const line of ["Unpacking ruby (1:3.3) ...", "pmerror:ruby:1.0:failed", "dlstatus:x"])
    expect(aptStatus(line)).toBeUndefined();
});
