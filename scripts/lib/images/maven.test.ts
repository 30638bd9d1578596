/** Where jars and wheels come from, and which wheel fits. */
import { expect, test } from "vitest";
import { jarPath, mirrorIn } from "./maven.mjs";
import { wheelFits } from "./pypi.mjs";

test("the mirror of Maven Central is read from settings.xml", () => {
  const mirror = (names: string, url = "https://mirror.example/maven") =>
    `<settings><mirrors><mirror><id>a</id><mirrorOf>${names}</mirrorOf><url> ${url} </url></mirror></mirrors></settings>`;
  for (const names of ["central", "*", "external:*", "other, central"])
    expect(mirrorIn(mirror(names))).toBe("https://mirror.example/maven");
  for (const text of ["<settings/>", mirror("other"), mirror("*,!central"), `<!-- ${mirror("central")} -->`])
    expect(mirrorIn(text)).toBeUndefined();
});

test("a jar's path follows its coordinates", () => {
  expect(jarPath("org.scala-lang:scala3-library_3:3.3.7")).toBe(
    "org/scala-lang/scala3-library_3/3.3.7/scala3-library_3-3.3.7.jar",
  );
});

test("a wheel fits by its tags: the base's Python and this processor, the closest first", () => {
  const rank = (name: string): number => wheelFits(name, { python: "3.13", processor: "x64" });
  const wheels = [
    "numpy-2.2.4-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "cryptography-44.0.0-cp39-abi3-manylinux_2_28_x86_64.whl",
    "ziglang-0.17.1-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64.whl",
    "flask-3.1.0-py3-none-any.whl",
    "six-1.16.0-py2.py3-none-any.whl",
  ];
  expect(wheels.map(rank)).toEqual([4, 3, 2, 1, 1]);
  const others = [
    "numpy-2.2.4-cp312-cp312-manylinux_2_17_x86_64.whl",
    "numpy-2.2.4-cp313-cp313-manylinux_2_17_aarch64.whl",
    "numpy-2.2.4-cp313-cp313-win_amd64.whl",
    "numpy-2.2.4-cp313-cp313-musllinux_1_2_x86_64.whl",
    "numpy-2.2.4.tar.gz",
  ];
  expect(others.map(rank)).toEqual([0, 0, 0, 0, 0]);
});
