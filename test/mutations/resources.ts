/** Breaks of the rules by which resources take, give back and leave alone. */
import type { WrittenMutation } from "./Mutation";

const others = "test/faults/others.test.ts";

export const resources: WrittenMutation[] = [
  {
    name: "believe that a key which was removed is refused",
    danger: "A person who left still logs in with a key that sshd finds in another file, and the deployment is green.",
    file: "provider/resources/loginKeys.ts",
    find: "await authorizedKeys.requireRefused(this.login, going);",
    replace: "await authorizedKeys.requireRefused(this.login, []);",
    caughtBy:
      "test/ssh/openssh/authorizedKeys.test.ts: keys on a real sshd: one that sshd also finds in another file fails the update",
  },
  {
    name: "take keys away after a rotation",
    danger: "A rotation that waits for hours, or fails, leaves the key of a person who left.",
    file: "provider/resources/ShellAccount.ts",
    find: "isToRotate ? keys.revokeBeforeRotation(id) : keys.revoke()",
    replace: "isToRotate ? ([] as AuthorizedKey[]) : keys.revoke()",
    caughtBy:
      "test/resources/loginKeys.test.ts: keys: one that goes is refused though the rotation of the same update fails",
  },
  {
    name: "count the keys of every stack as this one's",
    danger: "Two stacks with keys in one login shut out each other's people at every deployment.",
    file: "provider/resources/loginKeys.ts",
    find: "this.#isOurs = (stack) => names.includes(stack);",
    replace: "this.#isOurs = () => names.length > 0;",
    caughtBy:
      "test/resources/loginKeys.test.ts: keys: each of two stacks with keys in one login takes away its own alone, with its state or without",
  },
  {
    name: "give a rotation that failed the place of another one again",
    danger:
      "A few logins that cannot be rotated keep all others from their rotation, until their passwords have ended.",
    file: "provider/resources/passwordRotation.ts",
    find: "{ ...olds, rotationFailed: true }",
    replace: "{ ...olds }",
    caughtBy:
      "test/resources/rotationByAge.test.ts: that fails in every run takes no place of the others, and is made as soon as it can be",
  },
  {
    name: "leave the keys to a rotation",
    danger: "A rotation shuts out everybody who logs in with a key.",
    file: "provider/resources/ShellAccount.ts",
    find: "await settled(id, outs, going, () => keys.grant(going));\n    return { outs };",
    replace: "return { outs };",
    caughtBy:
      "test/resources/loginKeys.test.ts: keys: a rotation puts all of them back before it is done, and one that goes at the same time stays away (trap 15)",
  },
  {
    name: "bind the user of the name as it is spelled out",
    danger: "A user is made anew, or not found, because its name is sent as reviewers read it.",
    file: "provider/aegir/DrushWorker.ts",
    find: "return mapped(args, (text) => rawName(text)) as T;",
    replace: "return mapped(args, (text) => rawName(text) && text) as T;",
    caughtBy: "test/resources/spelledNames.test.ts: means the one that it spells, to bind, to look at and to unbind",
  },
  {
    name: "bind whoever has the name now",
    danger: "A person was renamed, a stranger took the name, and the next deployment lets the stranger in.",
    file: "provider/resources/ClientUserBinding.ts",
    find: "{ uid: news.expectedUid ?? olds.uid, clientNid }",
    replace: "{ uid: news.expectedUid, clientNid }",
    caughtBy:
      "test/resources/serverScenarios.test.ts: a name that another person has now is refused, naming both people and the ways out",
  },
  {
    name: "take access from the client that has the name now",
    danger:
      "A client was made again under its name, and a removal takes the new client's people, while the old access stays.",
    file: "provider/resources/ClientUserBinding.ts",
    find: `await server.worker.call("unbind", { client, clientNid,`,
    replace: `await server.worker.call("unbind", { client, ...(clientNid === 0 && { clientNid }),`,
    caughtBy:
      "test/resources/serverScenarios.test.ts: what was bound to a client is unbound from it, and not from the one that has its name now",
  },
  {
    name: "give a site to whichever client has the name now",
    danger:
      "A client was made again under its name, and a deployment gives the new client's people somebody else's site.",
    file: "provider/aegir/Handover.ts",
    find: "if (toNid !== undefined && result.client?.nid !== toNid) {",
    replace: 'if (toNid !== undefined && result.client?.nid !== toNid && to === "") {',
    caughtBy:
      "test/resources/serverScenarios.test.ts: a site that a person moved is not given back to another client of the owner's name",
  },
  {
    name: "undo in the night whatever was changed by hand",
    danger: "Somebody moved every site on purpose, and the nightly run takes them all back.",
    file: "provider/resources/driftLimit.ts",
    find: "if (!drifted.has(id) || !isMass || isMeant(server)) return;",
    replace: "return;",
    caughtBy:
      "test/scenarios/drift.test.ts: is shown and not undone, night after night, until a person says which side is right",
  },
  {
    name: "undo what another process has found",
    danger: "The configuration changed since the refresh, so that nothing was counted, and everything is taken back.",
    file: "provider/resources/driftLimit.ts",
    find: "if (!lookedAt(server).seen.has(id)) refuseUncounted(server);",
    replace: "",
    caughtBy:
      "test/scenarios/drift.test.ts: is undone only by a run that has counted it: one without a refresh fails, and changes nothing",
  },
  {
    name: "forget whom a person unbound by hand",
    danger: "The record goes with the person's uid, and whoever takes the name later is bound.",
    file: "provider/resources/ClientUserBinding.ts",
    find: "if (props.uid === undefined) return {};",
    replace: "return {};",
    caughtBy:
      "test/faults/others.test.ts: row 38: what was deleted is gone only if the server says so, and is made again",
  },
  {
    name: "take a site back that another stack took",
    danger: "Two stacks take one site from each other at every refresh, and neither says so.",
    file: "provider/decisions/siteOwner.ts",
    find: "if (recorded && isTakenBack(owner, declared, recorded)) return",
    replace: "if (false as boolean) return",
    caughtBy:
      "test/resources/serverScenarios.test.ts: a site that another stack took back by takeOverFrom is not taken a second time",
  },
  {
    name: "let a destroy take what is declared",
    danger: "`pulumi destroy --run-program` with any flag takes everybody's access, and exits 0.",
    file: "provider/resources/destroyGuard.ts",
    find: "if (this.mayBeDestroyed) return;",
    replace: "return;",
    caughtBy: "test/scenarios/destroyGuard.test.ts: refuses a destroy, with the program and without",
  },
  {
    name: "delete a target that is declared under another logical name",
    danger: "`pulumi up --target` of a former logical name takes access that the program declares.",
    file: "provider/resources/destroyGuard.ts",
    find: "if (other === undefined ||",
    replace: "if (other !== undefined ||",
    caughtBy:
      "test/scenarios/destroyGuard.test.ts: leaves a resource alone whose logical name is a target, while the program declares it under another one",
  },
  {
    name: "register resources without the hook",
    danger: "Pulumi itself no longer refuses a destroy that does not run the program.",
    file: "provider/resources/resourceClass.ts",
    find: "...(guard && { hooks: guard.hooks })",
    replace: "...(guard && {})",
    caughtBy: "test/scenarios/destroyGuard.test.ts: refuses a destroy, with the program and without",
  },
  {
    name: "an unreachable server is gone",
    danger: "A refresh without network forgets every owner, and the next deployment starts from nothing.",
    file: "provider/resources/SiteOwnership.ts",
    find: "const { sites, clients } = await server.inventory();",
    replace:
      "const { sites, clients } = await server.inventory().catch(() => ({ sites: [] as SiteFacts[], clients: [] as KnownClient[] }));",
    caughtBy:
      "test/faults/reaching.test.ts: row 1: a port that is closed is tried as often as allowed, and is not taken for an empty server",
  },
  {
    name: "a refresh that ends at the first server that is off",
    danger: "One dead server keeps every revocation on every other server from being made, night after night.",
    file: "provider/resources/looking.ts",
    find: "        if (!couldNotLook(error)) throw error;\n        const mark",
    replace: "        if (couldNotLook(error)) throw error;\n        const mark",
    caughtBy:
      "test/faults/night.test.ts: night: a closed port: what can be revoked is revoked, and the run is red and names the rest",
  },
  {
    name: "no changes, of what was not looked at",
    danger: "A run that saw nothing of a server is green, and reads as if nothing had been changed there.",
    file: "provider/resources/looking.ts",
    find: "return { ...diff, changes: true };",
    replace: "return diff;",
    caughtBy:
      "test/faults/night.test.ts: night: rejected credentials: what can be revoked is revoked, and the run is red and names the rest",
  },
  {
    name: "forget what is on a server that is in no configuration",
    danger: "An entry that was removed by mistake makes the state forget people who still have access.",
    file: "provider/resources/looking.ts",
    find: "return configurationOf(server)?.decommissioned;",
    replace: 'return (configurationOf(server) ?? { decommissioned: "gone" }).decommissioned;',
    caughtBy:
      "test/faults/night.test.ts: night: a server that is in no configuration: what can be revoked is revoked, and the run is red and names the rest",
  },
  {
    name: "read instead of onExisting",
    danger: "A client that somebody else made becomes this stack's, and is deleted with it.",
    file: "provider/decisions/client.ts",
    find: 'return adopts ? { action: "rename" } : { action: "refuse", why: "otherName" };',
    replace: 'return { action: "rename" };',
    caughtBy: `${others}: row 37: a client of another name is refused, showing both, until onExisting adopts it`,
  },
  {
    name: "take any site without takeOverFrom",
    danger: "A reviewer reads that somebody gains a site, and not that somebody loses it.",
    file: "provider/decisions/siteOwner.ts",
    find: "if (site.owner === null || site.owner.nid === defaultClientNid) return",
    replace: "if (site.owner === null || defaultClientNid !== undefined) return",
    caughtBy: `${others}: row 37: another client's site is refused, naming it, until takeOverFrom names it too`,
  },
  {
    name: "drop the compare-and-set of a site's owner",
    danger: "What a person changed in the panel meanwhile is overwritten unseen.",
    file: "provider/decisions/siteOwner.ts",
    find: 'identity !== "otherOwner" || (lost && owner === recorded.previousOwner)',
    replace: 'owner !== "" || lost',
    caughtBy: `${others}: row 36: what a person has changed since is shown with what was expected, and not overwritten`,
  },
  {
    name: "drop the compare-and-set of a client's name",
    danger: "What a person changed in the panel meanwhile is overwritten unseen.",
    file: "provider/decisions/client.ts",
    find: '? { action: "rename" } : { action: "refuse", why: "changed" };',
    replace: '? { action: "rename" } : { action: "rename" };',
    caughtBy: `${others}: row 36: what a person has changed since is shown with what was expected, and not overwritten`,
  },
  {
    name: "delete what is still declared",
    danger: "A resource that only moved in the program takes the access away that it declares.",
    file: "provider/resources/uniqueIdentities.ts",
    find: "return declared.has(identityOn(server, id));",
    replace: "return declared.has(id);",
    caughtBy: "test/scenarios/replacement.test.ts: changed logical names take no access away, and write nothing",
  },
  {
    name: "take a person's binding that the client's email declares as well",
    danger: "Somebody who is to keep access loses it.",
    file: "provider/resources/ClientUserBinding.ts",
    find: "isDeclared(server.name, ensuredMail(called, user.mail))",
    replace: "isDeclared(server.name, user.mail)",
    caughtBy: "test/resources/serverScenarios.test.ts: a person whom the client's email declares as well stays bound",
  },
  {
    name: "give back a site that somebody else owns by now",
    danger: "A destroy takes a site from a client that this stack never knew.",
    file: "provider/decisions/siteOwner.ts",
    find: 'return ["same", "reinstalled"].includes(identityOf(given(recorded), site));',
    replace: "return true;",
    caughtBy: `${others}: row 36: a destroy leaves a site alone that another client owns by now, and a client that was given one`,
  },
  {
    name: "delete a client with sites that nobody declared",
    danger: "Sites are left without an owner, and nobody reaches them.",
    file: "provider/resources/deleteClient.ts",
    find: 'return names.length > 0 && (policy ?? "refuse") === "refuse" ? [`${what} ${names.join(", ")}`] : [];',
    replace: 'return names.length > 0 && policy === "refuse" ? [`${what} ${names.join(", ")}`] : [];',
    caughtBy: `${others}: row 36: a destroy leaves a site alone that another client owns by now, and a client that was given one`,
  },
  {
    name: "deleteBeforeReplace",
    danger: "Everybody is locked out first, and then the replacement stops half way.",
    file: "provider/resources/resourceClass.ts",
    find: "if (options.deleteBeforeReplace) {",
    replace: "if (options.deleteBeforeReplace && options.import !== undefined) {",
    caughtBy: "test/resources/program.test.ts: cannot have a replaced resource deleted first, and reads why",
  },
  {
    name: "two resources of one identity",
    danger: "They undo each other's work with every deployment, and nobody knows who reaches the site.",
    file: "provider/resources/uniqueIdentities.ts",
    find: "if (other !== undefined) {",
    replace: "if (other === name) {",
    caughtBy: "test/resources/program.test.ts: cannot declare the owner of one site twice",
  },
  {
    name: "capture in the shim",
    danger: "Code of one day is in the state of every stack, and is run by every later release.",
    file: "provider/dynamic/shim.ts",
    find: "    configure(request) {\n",
    replace: "    configure(request) {\n      void type;\n",
    caughtBy: "test/dynamic/shim.test.ts: of SiteOwnership captures nothing but the package by its name",
  },
  {
    name: "work on a state of a newer release",
    danger: "What this release does not know of, it drops from the state, and deletes.",
    file: "provider/dynamic/index.ts",
    find: 'return typeof stateVersion === "number" && stateVersion > STATE_VERSION;',
    replace: 'return typeof stateVersion === "number" && stateVersion < STATE_VERSION;',
    caughtBy: "test/dynamic/newerState.test.ts: of a ShellAccount is not read, compared, changed or deleted",
  },
  {
    name: "record a lost write as nothing",
    danger: "A client is there that no state knows, and no destroy takes away.",
    file: "provider/resources/PartialFailure.ts",
    find: 'if (error instanceof SessionBroken && error.outcome === "unknown") throw new PartialFailure(id, properties, error);',
    replace: "void PartialFailure;",
    caughtBy:
      "test/faults/command.test.ts: row 19: what may have been written then is recorded, so that a destroy takes it back",
  },
  {
    name: "rotate a password that was rotated already",
    danger: "The account is deleted once more, with its home, its keys and the password that was just handed out.",
    file: "provider/decisions/passwordRotation.ts",
    find: 'if (live.fingerprint !== recorded) return "readBack";',
    replace: "",
    caughtBy:
      "test/scenarios/rotation.test.ts: a rotation that happened behind our back is read back, not repeated (trap 14)",
  },
  {
    name: "rotate a password by an age that is out of date",
    danger: "The user has just chosen a new password, and loses it with the home and the keys of the login.",
    file: "provider/resources/passwordRotation.ts",
    find: "found && { ...(await server.passwordFiles.ageOf(login, found)), fingerprint",
    replace: "found && { ...olds, fingerprint",
    caughtBy:
      "test/resources/rotationByAge.test.ts: counts from the day on which the holder has changed the password, where root sees it",
  },
  {
    name: "rotate every old password in one run",
    danger: "BOA's cron deletes and creates every account at once, and all people of a server are locked out together.",
    file: "provider/aegir/AegirServer.ts",
    find: "if (admitted.size >= (this.configuration.accounts?.rotationsPerRun ?? 0)) return admitted.has(id);",
    replace: "if (admitted.size >= 1000) return admitted.has(id);",
    caughtBy:
      "test/resources/rotationByAge.test.ts: is made of so many logins of a server in one run as its configuration says, and of the rest in the next runs",
  },
  {
    name: "record the age of a password that is gone",
    danger: "The next deployment rotates the password that BOA is just making.",
    file: "provider/resources/ShellAccount.ts",
    find: "password: null, passwordSetAt: null,",
    replace: "password: null, passwordSetAt: olds.passwordSetAt,",
    caughtBy:
      "test/resources/rotationByAge.test.ts: that BOA does not finish is recorded, and the next deployment waits on instead of rotating again",
  },
  {
    name: "a password that is no secret",
    danger: "It lies in the state, and in every preview, for everybody to read.",
    file: "provider/resources/ShellAccount.ts",
    find: "password: secretOutput<string | null>(),",
    replace: "password: output<string | null>(),",
    caughtBy:
      "test/resources/program.test.ts: has the password of a shell account kept secret, a login that it looks up included, and nothing else",
  },
  {
    name: "keep a password in the state that was to stay out of it",
    danger: "Whoever steals state and passphrase has every login.",
    file: "provider/resources/ShellAccount.ts",
    find: "password: kept ? found.password : null,",
    replace: "password: found.password,",
    caughtBy:
      "test/scenarios/rotation.test.ts: the password is a secret in the state, and in none of it with passwordInState: false (trap 30)",
  },
  {
    name: "a preview that says nothing of who loses a site",
    danger: "A reviewer approves what was not shown.",
    file: "provider/resources/SiteOwnership.ts",
    find: "`moves from ${loser} to ${gainer}: users bound to ${loser} and its shell login lose the site, those of ${gainer} gain it.`,",
    replace: "`moves to ${gainer}.`,",
    caughtBy: "test/resources/diff.test.ts: shows who loses a site and who gains it",
  },
  {
    name: "forget a rotation that did not end",
    danger: "The next deployment deletes the account that BOA is just making.",
    file: "provider/resources/ShellAccount.ts",
    find: "old === undefined ? record() : settled(id, rotated, going, record)",
    replace: "old === undefined ? settled(id, rotated, going, record) : record()",
    caughtBy:
      "test/resources/serverScenarios.test.ts: a rotation that does not end is recorded, without the password that is gone",
  },
  {
    name: "rotate the password of a client without a site",
    danger: "BOA removes the account and makes no new one.",
    file: "provider/resources/passwordRotation.ts",
    find: "        await watch();\n",
    replace: "",
    caughtBy:
      "test/scenarios/rotation.test.ts: a client whose sites have left gets no rotation, because there would be no account again (trap 14)",
  },
  {
    name: "make a client whose login another client has",
    danger: "Each sees the other's sites.",
    file: "provider/decisions/client.ts",
    find: 'return sameShellName.length > 0 ? { action: "refuse", why: "sharedLogin" } : { action: "create" };',
    replace: 'return { action: "create" };',
    caughtBy: "test/conformance/smallAegir.test.ts: a client whose shell login another client has is refused (trap 21)",
  },
  {
    name: "print in a preview what a server said as it is",
    danger: "A name on the server rewrites what the reviewer reads.",
    file: "provider/resources/report.ts",
    find: "${printable(text, 1000)}",
    replace: "${text}",
    caughtBy: "test/resources/diff.test.ts: prints what a server said on one line, escaped",
  },
  {
    name: "know what is declared by the server's name in the configuration",
    danger: "A server that is configured under another name loses everything that it is to keep.",
    file: "provider/resources/uniqueIdentities.ts",
    find: 'return [label, command, alias, id].join(" ");',
    replace: 'return [label, command, alias, server, id].join(" ");',
    caughtBy: "test/scenarios/halfdone.test.ts: a server that gets another name takes no access away",
  },
];
