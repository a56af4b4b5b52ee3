"use strict";
/**
 * For `node --require`: finds and compiles a module once. A process that loads the same text again runs what it has
 * compiled, and the next process of its kind finds V8's code for it below `node_modules/.cache`, and where each module
 * lies. Compiling is a third of what a program takes, and of what it takes to start a provider; finding is a quarter. From
 * Node 22 on, `module.enableCompileCache` would do a part of it.
 */
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { basename, dirname, join } = require("node:path");
const { deserialize, serialize } = require("node:v8");
const { constants, Script } = require("node:vm");

const root = `${dirname(dirname(__dirname))}/`;
const directory = join(root, "node_modules", ".cache", "modules", process.version);
const [, main = "node"] = process.argv;
const file = join(directory, `${basename(dirname(main))}-${basename(main)}`);

/** `code` by file name, and `places` by what was required and from where. */
const stored = readStored();
const compiled = new Map();
/** What is to be stored when everything that is being loaded is there. */
const unstored = { code: new Map(), places: new Map() };

const { _resolveFilename: find } = Module;
Module._resolveFilename = function (request, parent, ...options) {
  // What is looked for from elsewhere may lie in another place the next time.
  if (!parent?.filename?.startsWith(root) || options[1] !== undefined)
    return find.call(this, request, parent, ...options);
  const key = `${dirname(parent.filename)}\0${request}`;
  const { [key]: known } = stored.places;
  if (known !== undefined && existsSync(known)) return known;
  const place = find.call(this, request, parent, ...options);
  if (!Module.isBuiltin(place)) later("places", key, place);
  return place;
};

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
  const { [filename]: entry } = stored.code;
  try {
    const script = new Script(Module.wrap(text.replace(/^#!/, "//")), {
      filename,
      cachedData: entry?.hash === hash ? entry.code : undefined,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    compiled.set(filename, { text, script });
    if (isOurs && (entry?.hash !== hash || script.cachedDataRejected)) later("code", filename, { hash, script });
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
    return { code: {}, places: {} };
  }
}

function later(what, key, value) {
  if (unstored.code.size + unstored.places.size === 0) setImmediate(store).unref();
  unstored[what].set(key, value);
}

function store() {
  for (const [filename, { hash, script }] of unstored.code) {
    stored.code[filename] = { hash, code: script.createCachedData() };
  }
  for (const [key, place] of unstored.places) stored.places[key] = place;
  unstored.code.clear();
  unstored.places.clear();
  mkdirSync(directory, { recursive: true });
  // Other processes read it meanwhile, and write their own.
  const own = `${file}.${process.pid}`;
  writeFileSync(own, serialize(stored));
  renameSync(own, file);
}
