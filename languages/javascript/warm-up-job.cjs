/**
 * Waits, with Node started, for a job on descriptor 3, and lets Node run it as its main module.
 *
 * Node resolves its main module only after preloading, by `Module._findPath` and `Module._resolveFilename`. Both return the job's script
 * once and are restored before any of its code runs, so stacks, `require.main`, ES modules and exit behaviour are Node's own.
 */
"use strict";

/** Called while `--require` modules are loaded. Returns when the job has arrived and Node may continue. */
const serve = () => {
  const fs = require("node:fs");
  const path = require("node:path");
  const Module = require("node:module");
  const ready = 4;
  const job = 3;

  const readExactly = (size) => {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size;) {
      const count = fs.readSync(job, bytes, at, size - at, null);
      if (count === 0) process.reallyExit(0);
      at += count;
    }
    return bytes;
  };

  const receive = () => {
    const fields = readExactly(readExactly(4).readUInt32LE(0)).toString("utf8").split("\0").slice(0, -1);
    const count = Number(fields[1]);
    return { terminal: fields[0], argv: fields.slice(2, 2 + count), environment: fields.slice(2 + count) };
  };

  const enterTerminal = (terminal) => {
    // Streams are made on first use, so none has these descriptors yet; open() returns the lowest free number.
    for (const number of [0, 1, 2]) fs.closeSync(number);
    for (const number of [0, 1, 2]) {
      if (fs.openSync(terminal, "r+") !== number) throw new Error("descriptors are out of order");
    }
  };

  const enterEnvironment = (pairs) => {
    const wanted = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
    for (const name of Object.keys(process.env)) if (!wanted.has(name)) delete process.env[name];
    for (const [name, value] of wanted) if (process.env[name] !== value) process.env[name] = value;
  };

  const answerOnce = (placeholder, script) => {
    const { _findPath: findPath, _resolveFilename: resolveFilename } = Module;
    Module._findPath = (request, paths, isMain) => {
      Module._findPath = findPath;
      return findPath.call(Module, request === placeholder ? script : request, paths, isMain);
    };
    Module._resolveFilename = (request, parent, isMain, options) => {
      Module._findPath = findPath;
      Module._resolveFilename = resolveFilename;
      return resolveFilename.call(Module, request === placeholder ? script : request, parent, isMain, options);
    };
    return findPath.call(Module, script, null, true) !== false;
  };

  const runCold = (argv) => {
    const { spawnSync } = require("node:child_process");
    const { status, signal } = spawnSync(process.execPath, argv.slice(1), { stdio: "inherit" });
    if (signal !== null) process.kill(process.pid, signal);
    process.reallyExit(status ?? 1);
  };

  const placeholder = process.argv[1];
  fs.writeSync(ready, "R");
  fs.closeSync(ready);
  const { terminal, argv, environment } = receive();
  fs.closeSync(job);
  enterEnvironment(environment);
  if (terminal !== "") enterTerminal(terminal);

  const script = path.resolve(argv[1]);
  if (!answerOnce(placeholder, script)) runCold(argv);
  process.argv.splice(1, process.argv.length, script, ...argv.slice(2));
};

/**
 * Makes writes to a pipe synchronous, as those to terminals and files are: otherwise Node loses at `process.exit` what a full pipe has not
 * taken. The streams are still made on first use.
 */
const writeAtOnce = () => {
  for (const name of ["stdout", "stderr"]) {
    const own = Object.getOwnPropertyDescriptor(process, name);
    if (own?.get === undefined || !own.configurable) continue;
    const get = function () {
      Object.defineProperty(process, name, own);
      const stream = process[name];
      stream?._handle?.setBlocking?.(true);
      return stream;
    };
    Object.defineProperty(process, name, { ...own, get });
  }
};

/**
 * Removes the traces of warm-up files that a program could see.
 * @param {string} preloaded the file that `--require` named
 */
const withdraw = (preloaded) => {
  const at = process.execArgv.indexOf(preloaded);
  if (at > 0) process.execArgv.splice(at - 1, 2);
  for (const file of Object.keys(require.cache)) if (file.startsWith("/.atelier/")) delete require.cache[file];
};

module.exports = { serve, withdraw, writeAtOnce };
