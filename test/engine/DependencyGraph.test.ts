import * as assert from "node:assert/strict";
import { DependencyGraph } from "./DependencyGraph";
import { refreshedBase } from "./refreshedBase";
import { newResourceState, ResourceState } from "./ResourceState";

function state(name: string, fields: Partial<ResourceState> = {}): ResourceState {
  return { ...newResourceState({ urn: name, type: "t", custom: true }), ...fields };
}

describe("a dependency graph", () => {
  const provider = state("provider", { id: "1" });
  const root = state("root", { provider: "provider::1" });
  const trunk = state("trunk", { dependencies: ["root"], provider: "provider::1" });
  const leaf = state("leaf", { propertyDependencies: { value: ["trunk"] }, provider: "provider::1" });
  const alone = state("alone", { provider: "provider::1" });
  const graph = new DependencyGraph([provider, root, trunk, leaf, alone]);
  const urns = (states: Iterable<ResourceState>): string[] => [...states].map(({ urn }) => urn);

  it("knows what depends on a resource, and what a resource depends on", () => {
    assert.deepEqual(urns(graph.dependingOn(root, {})), ["trunk", "leaf"]);
    assert.deepEqual(urns(graph.dependingOn(root, { ignore: new Set(["trunk"]) })), []);
    assert.deepEqual(urns(graph.dependenciesOf(leaf)), ["provider", "trunk"]);
    assert.deepEqual(urns(graph.transitiveDependenciesOf(leaf)).sort(), ["provider", "root", "trunk"]);
  });

  it("deletes from the far end, and what stands alone together with the roots", () => {
    assert.deepEqual(graph.deletionWaves([provider, root, trunk, leaf, alone]).map(urns), [
      ["leaf"],
      ["trunk"],
      ["root", "alone"],
      ["provider"],
    ]);
  });

  it("counts children only where it is asked to, and all of a component that something depends on", () => {
    const group = state("group", { custom: false });
    const child = state("child", { parent: "group" });
    const user = state("user", { dependencies: ["group"] });
    const family = new DependencyGraph([group, child, user]);
    assert.deepEqual(urns(family.dependingOn(group, {})), ["user"]);
    assert.deepEqual(urns(family.dependingOn(group, { children: true })), ["child", "user"]);
    assert.deepEqual(urns(family.dependenciesOf(user)), ["group", "child"]);
  });

  it("takes a mention for an entry in front of it, where one URN stands for two", () => {
    const old = state("a", { id: "old", delete: true });
    const user = state("user", { dependencies: ["a"] });
    const twice = new DependencyGraph([state("a", { id: "new" }), user, old]);
    assert.deepEqual(
      [...twice.dependenciesOf(user)].map(({ id }) => id),
      ["new"],
    );
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
      deletedWith: "gone",
    });
    const [keptGroup, kept, ...rest] = refreshedBase([group, gone, orphan], new Map([[gone, undefined]]));
    assert.equal(keptGroup?.urn, "group");
    assert.deepEqual(kept, {
      ...orphan,
      parent: "group",
      dependencies: ["group"],
      propertyDependencies: { value: [] },
      deletedWith: "",
    });
    assert.deepEqual(rest, []);
  });
});
