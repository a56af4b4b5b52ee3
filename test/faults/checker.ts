/** What the checker of models.md 2.3 looks up on the server itself, past our own outputs. */
import assert from "node:assert/strict";
import { reducedName } from "../../provider/naming/ShellAccountName";
import { INSTANCE, type SmallAegir } from "../aegir/SmallAegir";
import type { Declaration } from "../scenarios/program";

/** Everything that is declared is so, effectively, and of the clients that the tests declare no other is there. */
export function serverHolds(aegir: SmallAegir, declared: Declaration[]): void {
  const { clients, users, bindings, sites, passwordFiles } = aegir.tables();
  for (const declaration of declared) {
    const client = internalNameOf(declaration, declared);
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
  const expected = declared.flatMap((one) => (one.type === "AegirClient" ? [internalNameOf(one, declared)] : []));
  const present = clients.map(({ internalName }) => internalName).filter(isOurs);
  assert.deepEqual(present.sort(), expected.sort());
}

/** The clients that the tests declare have nobody and nothing but what is declared: what the plan removed is gone. */
export function nothingElse(aegir: SmallAegir, declared: Declaration[]): void {
  const { clients, users } = aegir.tables();
  for (const { internalName, users: people, sites } of clients.filter(({ internalName }) => isOurs(internalName))) {
    const own = declared.filter((declaration) => internalNameOf(declaration, declared) === internalName);
    const named = (type: Declaration["type"], key: string) =>
      own.flatMap((declaration) => (declaration.type === type ? [text(declaration, key)] : []));
    const emails = named("AegirClient", "email");
    const byMail = users.filter(({ mail }) => emails.includes(mail)).map(({ name }) => name);
    const expected = new Set([...named("ClientUserBinding", "user"), ...byMail]);
    assert.deepEqual(people, [...expected].sort(), `the people of ${internalName}`);
    assert.deepEqual(sites, named("SiteOwnership", "site").sort(), `the sites of ${internalName}`);
  }
}

/** The internal names that the tests of faults give. */
const isOurs = (internalName: string): boolean => /^(nova|luna)/.test(internalName);

const text = (declaration: Declaration, key: string) => declaration.args[key] as string | undefined;

function internalNameOf(declaration: Declaration, declared: Declaration[]): string {
  if (declaration.type === "AegirClient") return text(declaration, "internalName")!;
  // Links lead to the client, over its site perhaps.
  const link = /^\$\{(.+)\.\w+\}$/.exec(text(declaration, "client")!);
  if (!link) return text(declaration, "client")!;
  return internalNameOf(
    declared.find(({ name }) => name === link[1])!,
    declared,
  );
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
