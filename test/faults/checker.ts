/** What the checker of models.md 2.3 looks up on the server itself, past our own outputs. */
import assert from "node:assert/strict";
import { INSTANCE, type SmallAegir } from "../aegir/SmallAegir";
import { reducedName } from "../../provider/naming/ShellAccountName";
import type { Declaration } from "../scenarios/program";

/** Everything that is declared is so, effectively, and of the clients that the tests declare no other is there. */
export function serverHolds(aegir: SmallAegir, declared: Declaration[]): void {
  const { clients, users, bindings, sites, passwordFiles } = aegir.tables();
  const text = (declaration: Declaration, key: string) => declaration.args[key] as string | undefined;
  const internalName = (declaration: Declaration): string => {
    if (declaration.type === "AegirClient") return text(declaration, "internalName")!;
    // Links lead to the client, over its site perhaps.
    const link = /^\$\{(.+)\.\w+\}$/.exec(text(declaration, "client")!);
    return link ? internalName(declared.find(({ name }) => name === link[1])!) : text(declaration, "client")!;
  };
  for (const declaration of declared) {
    const client = internalName(declaration);
    switch (declaration.type) {
      case "AegirClient": {
        const found = clients.find((row) => row.internalName === client);
        assert.equal(found?.name, text(declaration, "name"));
        const email = text(declaration, "email");
        const user = users.find(({ mail }) => mail === email);
        assert.ok(email === undefined || (user && found?.users.includes(user.name)), `${email} is bound to ${client}`);
        break;
      }
      case "ClientUserBinding": {
        const user = text(declaration, "user");
        assert.ok(
          bindings.some((row) => row.client === client && row.user === user),
          `${user} is bound to ${client}`,
        );
        break;
      }
      case "SiteOwnership": {
        const found = sites.find((row) => row.site === text(declaration, "site") && row.status !== -2);
        assert.equal(found?.owner, client);
        assert.deepEqual(found?.links, [client], "its files are linked for its owner, and for nobody else");
        break;
      }
      case "ShellAccount":
        assert.match(passwordFiles[`${INSTANCE}.${reducedName(client)}`] ?? "", /^\S+\n$/);
    }
  }
  const expected = declared.filter(({ type }) => type === "AegirClient").map(internalName);
  const present = clients.map(({ internalName }) => internalName).filter((name) => /^(nova|luna)/.test(name));
  assert.deepEqual(present.sort(), expected.sort());
}

/** At most one object per identity; and no site was without an owner at any time, but for the seed's own. */
export function oneOfEach(aegir: SmallAegir): void {
  const { clients, bindings, users, sites, accounts } = aegir.tables();
  for (const identities of [
    clients.map(({ internalName }) => internalName),
    bindings.map(({ uid, nid }) => `${uid} ${nid}`),
    users.map(({ name }) => name),
    users.map(({ mail }) => mail).filter((mail) => mail.endsWith("@nova.example")),
    sites.flatMap(({ site, status }) => (status === -2 ? [] : [site])),
    accounts.map(({ name }) => name),
  ]) {
    assert.deepEqual(identities, [...new Set(identities)]);
  }
  const ownerless = aegir.ownerHistory.filter(({ site, owner }) => owner === null && site !== "dangling.example.com");
  assert.deepEqual(ownerless, []);
}
