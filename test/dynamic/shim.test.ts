/** The text that Pulumi stores with every resource. It is made from the compiled package, as a stack's is. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import * as pulumi from "@pulumi/pulumi";

type Shims = Record<string, pulumi.dynamic.ResourceProvider>;

const root = join(__dirname, "../..");
/** By its path: the package exports no shim. */
const compiledShim = join(root, "provider/dist/dynamic/shim.js");
const types = ["AegirClient", "ClientUserBinding", "ShellAccount", "SiteOwnership"];

/** As `serializeProvider` of the SDK's `dynamic/index.ts` does it. */
async function serialized(provider: pulumi.dynamic.ResourceProvider): Promise<{ text: string; secret: boolean }> {
  const { text, containsSecrets } = await pulumi.runtime.serializeFunction(() => provider, { allowSecrets: true });
  return { text, secret: containsSecrets };
}

/** As the dynamic provider process does it, in a directory from which stacks resolve the package. */
function deserialized(text: string): Record<string, unknown> {
  const module = { exports: {} as { handler?: () => Record<string, unknown> } };
  const load = compileFunction(text, ["exports", "require"]);
  load(module.exports, createRequire(join(root, "package.json")));
  assert.ok(module.exports.handler);
  return module.exports.handler();
}

describe("the serialised shim", () => {
  let shims: Shims;
  const texts = new Map<string, string>();

  before(async () => {
    // Compiled by `npm run build`, which every test command runs first.
    shims = ((await import(compiledShim)) as { shims: Shims }).shims;
    for (const type of types) {
      const { text, secret } = await serialized(shims[type]!);
      assert.equal(secret, false);
      texts.set(type, text);
    }
  });

  it("exists for the four types", () => {
    assert.deepEqual(Object.keys(shims).sort(), types);
  });

  for (const type of types) {
    it(`of ${type} is smaller than 2 kB`, () => {
      const bytes = Buffer.byteLength(texts.get(type)!);
      assert.ok(bytes < 2048, `it has ${bytes} bytes`);
    });

    it(`of ${type} is the same for every resource`, async () => {
      assert.equal((await serialized(shims[type]!)).text, texts.get(type));
    });

    it(`of ${type} captures nothing but the package by its name`, () => {
      const text = texts.get(type)!;
      assert.deepEqual(text.match(/\brequire\([^)]*\)/g), ['require("pulumi-aegir/dynamic")']);
      assert.deepEqual(text.match(/[\w.@-]*\/[\w./@-]+/g), ["pulumi-aegir/dynamic"], "a path");
      assert.deepEqual(text.match(/^var .*$/gm), [`var __provider = {type: "${type}", configure: __f1};`]);
      assert.deepEqual(text.match(/with\({[^}]*}\)/g), [
        "with({ this: undefined, arguments: undefined })",
        "with({ provider: __provider, this: undefined, arguments: undefined })",
      ]);
    });
  }

  it("names what is frozen: the module, configure and its arguments", () => {
    for (const text of texts.values()) {
      const [method] = text.match(/function \/\*configure\*\/[\s\S]*?};/) ?? [];
      assert.equal(
        method?.replace(/\s+/g, " "),
        'function /*configure*/(request) { return require("pulumi-aegir/dynamic").configure(this, request); };',
      );
    }
  });

  it("gets its six operations in the turn in which it is configured", () => {
    for (const text of texts.values()) {
      const provider = deserialized(text);
      const configured = (provider["configure"] as (request: object) => unknown)({ config: { get: () => undefined } });
      assert.equal(configured, undefined, "an asynchronous configure would let other calls in between");
      const operations = Object.keys(provider).filter((key) => typeof provider[key] === "function");
      assert.deepEqual(operations.sort(), ["check", "configure", "create", "delete", "diff", "read", "update"]);
    }
  });

  const recorded = join(__dirname, "recorded");
  for (const file of readdirSync(recorded)) {
    it(`that a stack of ${file} holds still finds its operations`, async () => {
      const text = readFileSync(join(recorded, file), "utf8");
      const provider = deserialized(text) as unknown as pulumi.dynamic.ResourceProvider;
      const config = { get: () => undefined, require: (key: string) => key };
      void provider.configure?.({ config });
      const checked = await provider.check?.({}, {});
      assert.deepEqual(
        checked?.failures?.map(({ property }) => property),
        ["server", "name"],
      );
      await assert.rejects(async () => provider.delete?.("client:acme", {}), { message: /has no `aegir:servers`/ });
    });
  }
});
