import * as assert from "node:assert/strict";
import { afterRefresh, deletionWaves, dependentsOf, requirementsOf } from "./dependencies";
import { newResourceState, type ResourceState } from "./ResourceState";

function state(name: string, fields: Partial<ResourceState> = {}): ResourceState {
  return { ...newResourceState({ urn: name, type: "t", custom: true }), ...fields };
}

describe("the dependencies of a snapshot", () => {
  const provider = state("provider", { id: "1" });
  const root = state("root", { provider: "provider::1" });
  const trunk = state("trunk", { dependencies: ["root"], provider: "provider::1" });
  const leaf = state("leaf", { propertyDependencies: { value: ["trunk"] }, provider: "provider::1" });
  const alone = state("alone", { provider: "provider::1" });
  const all = [provider, root, trunk, leaf, alone];
  const urns = (states: Iterable<ResourceState>): string[] => [...states].map(({ urn }) => urn);

  it("say what depends on a resource, children included, and what a resource depends on", () => {
    assert.deepEqual(urns(dependentsOf(root, all)), ["trunk", "leaf"]);
    assert.deepEqual(urns(requirementsOf(leaf, all)).sort(), ["provider", "root", "trunk"]);
    const group = state("group", { custom: false });
    const child = state("child", { parent: "group" });
    const user = state("user", { dependencies: ["group"] });
    assert.deepEqual(urns(dependentsOf(group, [group, child, user])), ["child", "user"]);
  });

  it("delete from the far end, and what stands alone together with the roots", () => {
    assert.deepEqual(deletionWaves(all, all).map(urns), [["leaf"], ["trunk"], ["root", "alone"], ["provider"]]);
  });

  it("delete what uses a component before everything that belongs to it", () => {
    const group = state("group", { custom: false });
    const child = state("child", { parent: "group" });
    const grandchild = state("grandchild", { parent: "child" });
    const user = state("user", { dependencies: ["group"] });
    const family = [group, child, grandchild, user];
    assert.deepEqual(deletionWaves(family, family).map(urns), [["user"], ["grandchild"], ["child"], ["group"]]);
  });

  it("take a mention for an entry in front of it, where one URN stands for two", () => {
    const old = state("a", { id: "old", delete: true });
    const user = state("user", { dependencies: ["a"] });
    const twice = [state("a", { id: "new" }), user, old];
    assert.deepEqual(
      [...requirementsOf(user, twice)].map(({ id }) => id),
      ["new"],
    );
    assert.deepEqual(deletionWaves([user, old], twice).map(urns), [["user", "a"]]);
  });
});

describe("the base after a refresh", () => {
  it("forgets what is gone, and every mention of it", () => {
    const group = state("group", { custom: false });
    const gone = state("gone", { parent: "group" });
    const orphan = state("orphan", {
      parent: "gone",
      dependencies: ["gone", "group"],
      propertyDependencies: { value: ["gone"] },
    });
    const [keptGroup, kept, ...rest] = afterRefresh([group, gone, orphan], new Map([[gone, undefined]]));
    assert.equal(keptGroup?.urn, "group");
    assert.deepEqual(kept, {
      ...orphan,
      parent: "group",
      dependencies: ["group"],
      propertyDependencies: { value: [] },
    });
    assert.deepEqual(rest, []);
  });
});
