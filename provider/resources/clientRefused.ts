/** What a refusal to make, change or delete a client says. */
import { AegirError } from "../aegir/AegirError";
import type { AegirServer } from "../aegir/AegirServer";
import { type ClientChange, clientParted, type KnownClient } from "../aegir/ClientNumber";
import type { ClientRefusal } from "../decisions/client";
import { canonicalName } from "../naming/SpelledName";
import type { VerbResult } from "../worker/protocol";

interface Declared {
  internalName: string;
  name: string;
}

type RecordedName = KnownClient & Declared;

/** Why `decideClient` refuses, and what to do. */
export function clientRefused(
  server: AegirServer,
  { internalName, name }: Declared,
  { client, sameShellName, recordedIsCalled }: VerbResult<"client"> & { recordedIsCalled: string | null },
  recorded: RecordedName | undefined,
  why: ClientRefusal,
): AegirError {
  switch (why) {
    case "sharedLogin":
      return refused(
        server,
        `${internalName} would share its shell login with ${sameShellName.join(", ")} (letters and digits alone count there), and each would see the other's sites`,
        "Choose another internalName",
      );
    case "otherName":
      return refused(
        server,
        `the client ${internalName} exists under another name: the server has "${client!.name}", the stack declares "${name}"`,
        'Declare the server\'s name, choose another internalName, or set onExisting: "adopt" to rename it',
      );
    case "parted":
      return parted(server, recorded!, { internalName: recordedIsCalled, nid: client?.nid ?? null });
    case "gone":
      return new AegirError({
        code: "missing",
        what: `the client ${internalName} is no longer there`,
        server: server.label,
        outcome: "notDone",
        next: "Run `pulumi up --refresh`: it sees that the client is gone and creates it again",
      });
    case "changed": {
      const expected = canonicalName(recorded!.name);
      return new AegirError({
        code: "changedMeanwhile",
        what: `the name of the client ${internalName} changed since this stack last saw it: expected "${expected}", found "${client!.name}"`,
        server: server.label,
        outcome: "notDone",
        next: "Run `pulumi up --refresh` to see the change before it is overwritten",
        detail: { expected, found: client!.name },
      });
    }
  }
}

function parted(server: AegirServer, olds: RecordedName, found: ClientChange): AegirError {
  const ways = [
    ...(found.internalName === null ? [] : [`declare internalName: "${found.internalName}" to keep that client`]),
    ...(found.nid === null ? [] : [`set onExisting: "adopt" to take the one that is called ${olds.internalName} now`]),
    "remove the client from the program",
  ].join(", or ");
  return clientParted(server.label, olds, found, ways);
}

export function refused(server: AegirServer, what: string, next: string): AegirError {
  return new AegirError({ code: "refused", what, server: server.label, outcome: "notDone", next });
}
