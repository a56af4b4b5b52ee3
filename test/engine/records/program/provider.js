"use strict";
/**
 * A dynamic provider whose world is a directory, $RECORDS:
 *
 *     records/<key>.json    a record: { key, value, serial }
 *     calls.jsonl           every call of the provider: { call, key, ...what it was given }
 *     faults.json           what goes wrong, by "<call> <key>": { error } or { partial: [reasons] }
 *     hold/<call> <key>     the call waits until this file is gone
 */
const fs = require("node:fs");
const path = require("node:path");

const world = process.env.RECORDS;
let configured = {};

function recordFile(key) {
  return path.join(world, "records", `${key}.json`);
}

function log(call, key, details = {}) {
  fs.appendFileSync(
    path.join(world, "calls.jsonl"),
    `${JSON.stringify({ call, key, pid: process.pid, greeting: configured.greeting, ...details })}\n`,
  );
}

/** Announces the call, lets a test hold it up, and fails as the test wants it. */
async function enter(call, key, details) {
  log(call, key, details);
  const hold = path.join(world, "hold", `${call} ${key}`);
  while (fs.existsSync(hold)) {
    await new Promise((done) => setTimeout(done, 10));
  }
  const faults = JSON.parse(fs.readFileSync(path.join(world, "faults.json"), "utf8"));
  const fault = faults[`${call} ${key}`];
  if (fault?.error !== undefined) {
    throw new Error(fault.error);
  }
  return fault;
}

function outputsOf({ __provider: _provider, ...inputs }, serial) {
  return { ...inputs, serial, derived: `derived from ${inputs.value}` };
}

function write(inputs, fault) {
  const file = recordFile(inputs.key);
  const serial = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")).serial + 1 : 1;
  // A test that looks meanwhile sees the whole record, or none.
  const beside = path.join(world, `${inputs.key}.new`);
  fs.writeFileSync(beside, JSON.stringify({ key: inputs.key, value: inputs.value ?? null, serial }));
  fs.renameSync(beside, file);
  const outs = outputsOf(inputs, serial);
  if (fault?.partial !== undefined) {
    throw Object.assign(new Error("the message that the CLI does not show"), {
      id: `record:${inputs.key}`,
      properties: outs,
      reasons: fault.partial,
    });
  }
  return outs;
}

module.exports = {
  configure({ config }) {
    configured = { greeting: config.get("greeting") };
  },

  async check(olds, news) {
    await enter("check", news.key, { olds: Object.keys(olds).length > 0, value: news.value });
    const failures = news.value === "forbidden" ? [{ property: "value", reason: "this value is forbidden" }] : [];
    return { inputs: news, failures };
  },

  async diff(id, olds, news) {
    await enter("diff", news.key);
    if (news.note !== undefined) {
      console.log(`info: ${news.note}`);
    }
    const inputs = Object.keys({ ...news, ...olds }).filter(
      (key) => !["serial", "derived", "__provider"].includes(key),
    );
    const changed = inputs.filter((key) => JSON.stringify(olds[key] ?? null) !== JSON.stringify(news[key] ?? null));
    return {
      changes: changed.length > 0,
      replaces: changed.filter((key) => key === "key"),
      deleteBeforeReplace: news.deleteFirst === true,
    };
  },

  async create(inputs) {
    const fault = await enter("create", inputs.key, { value: inputs.value });
    return { id: `record:${inputs.key}`, outs: write(inputs, fault) };
  },

  async read(id, state) {
    const key = id.slice("record:".length);
    await enter("read", key);
    if (!fs.existsSync(recordFile(key))) {
      return {};
    }
    const { value, serial } = JSON.parse(fs.readFileSync(recordFile(key), "utf8"));
    const { __provider: _provider, serial: _serial, derived: _derived, ...inputs } = { ...state, key, value };
    return { id, props: outputsOf(inputs, serial), inputs };
  },

  async update(id, olds, news) {
    const fault = await enter("update", news.key, { value: news.value });
    return { outs: write(news, fault) };
  },

  async delete(id) {
    const key = id.slice("record:".length);
    await enter("delete", key);
    fs.rmSync(recordFile(key), { force: true });
  },
};
