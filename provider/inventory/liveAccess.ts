/** Who reaches what on a live server, and which of it a manifest declares where. */
import type { Manifest } from "../manifest/Manifest";
import { mailKey, userNameKey } from "../naming/PanelUser";
import { normalizeDomain } from "../naming/SiteDomain";
import { type Binding, EffectiveAccess, type Person, personByMail } from "../review/EffectiveAccess";
import { accessOfInventory } from "../review/fromInventory";
import { accessOfManifest } from "../review/fromManifest";
import type { Inventory } from "../worker/facts";
import { liveKeys } from "./loginKeys";
import { type LiveLogins, passwordEnds } from "./passwords";

/** Each binding has the entries that declare it, none if none does, and each site its entry. */
export function liveAccess(manifest: Manifest, inventory: Inventory, logins: LiveLogins): EffectiveAccess {
  const { asOf } = manifest;
  const keys = liveKeys(manifest, logins.keys);
  const live = accessOfInventory(inventory, asOf, logins.instance, passwordEnds(manifest, logins), keys);
  const declared = accessOfManifest(manifest, logins.instance);
  const mails = new Map(inventory.users.map(({ name, mail }) => [userNameKey(name), mail]));
  const withFacts = (person: Person): Person => ({
    ...person,
    id: declared.people.get(person.key)?.id,
    email: mails.get(userNameKey(person.name)),
  });
  return new EffectiveAccess({
    asOf,
    server: live.server,
    instance: live.instance,
    people: [...live.people.values()].map(withFacts),
    teams: declared.teams,
    teamsIn: declared.teamsIn,
    listedIn: declared.listedIn,
    clients: [...live.clients.values()].map((client) => {
      const bindings = declared.clients.get(client.internalName)?.bindings;
      const withEntries = (binding: Binding): Binding => {
        const person = withFacts(binding.person);
        const mail = person.email === undefined ? undefined : personByMail(mailKey(person.email)).key;
        const entries = [bindings?.get(person.key), bindings?.get(mail ?? "")];
        const ways = entries.flatMap((entry) => (entry === undefined || entry.ended ? [] : (entry.ways ?? [])));
        return { ...binding, person, ways };
      };
      return { ...client, bindings: new Map([...client.bindings].map(([key, each]) => [key, withEntries(each)])) };
    }),
    sites: [...live.sites.values()].map((site) => ({
      ...site,
      declaredAt: declared.sites.get(normalizeDomain(site.site))?.declaredAt,
    })),
  });
}
