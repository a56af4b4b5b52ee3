"use strict";
/**
 * For `node --require`: compiles a module once. A process that loads the same text again runs what it has compiled, and
 * the next process of its kind finds V8's code for it below `node_modules/.cache`. Compiling is a third of what a program
 * takes, and of what it takes to start a provider. From Node 22 on, `module.enableCompileCache` would do the second half.
 */
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { basename, dirname, join } = require("node:path");
const { deserialize, serialize } = require("node:v8");
const { constants, Script } = require("node:vm");

const root = `${dirname(dirname(__dirname))}/`;
const directory = join(root, "node_modules", ".cache", "compiled", process.version);
const [, main = "node"] = process.argv;
const file = join(directory, `${basename(dirname(main))}-${basename(main)}`);

/** By file name. */
const stored = readStored();
const compiled = new Map();
/** What is to be stored when everything that is being loaded is there. */
const unstored = new Map();

const { _compile: compileAlone } = Module.prototype;
Module.prototype._compile = function (text, filename, format) {
  const script = format === "module" ? undefined : compile(text, filename);
  // An ES module, or an error that Node reports in its own way.
  if (script === undefined) return compileAlone.call(this, text, filename, format);
  const body = script.runInThisContext();
  return body.call(this.exports, this.exports, requireOf(this), this, filename, dirname(filename));
};

/** Undefined if it is not a valid script. */
function compile(text, filename) {
  const known = compiled.get(filename);
  if (known?.text === text) return known.script;
  // Programs of tests lie elsewhere too, and those are seldom seen twice.
  const isOurs = filename.startsWith(root);
  const hash = isOurs && createHash("sha1").update(text).digest("base64");
  const { [filename]: entry } = stored;
  try {
    const script = new Script(Module.wrap(text.replace(/^#!/, "//")), {
      filename,
      cachedData: entry?.hash === hash ? entry.code : undefined,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    compiled.set(filename, { text, script });
    if (isOurs && (entry?.hash !== hash || script.cachedDataRejected)) {
      if (unstored.size === 0) setImmediate(store).unref();
      unstored.set(filename, { hash, script });
    }
    return script;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As Node makes it for a module that it compiles. */
function requireOf(module) {
  const require = (id) => module.require(id);
  require.resolve = (id, options) => Module._resolveFilename(id, module, false, options);
  require.resolve.paths = (id) => Module._resolveLookupPaths(id, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return require;
}

function readStored() {
  try {
    return deserialize(readFileSync(file));
  } catch {
    // Nothing was stored yet.
    return {};
  }
}

function store() {
  for (const [filename, { hash, script }] of unstored) stored[filename] = { hash, code: script.createCachedData() };
  unstored.clear();
  mkdirSync(directory, { recursive: true });
  // Other processes read it meanwhile, and write their own.
  const own = `${file}.${process.pid}`;
  writeFileSync(own, serialize(stored));
  renameSync(own, file);
}
