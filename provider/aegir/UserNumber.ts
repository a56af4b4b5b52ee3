/** A user's name is a claim, the uid is the person: what follows where the two have parted. */
import { capitalized } from "../text/capitalized";
import { AegirError } from "./AegirError";

/** What a refresh found if the recorded name and uid no longer belong to the same user; null where no user has it. */
export interface NameChange {
  /** What the recorded uid is called now. */
  name: string | null;
  /** Who has the recorded name now. */
  uid: number | null;
}

/** What happened to a person whom the state knows by `uid` as `user`: a clause. */
export function partedNames(user: string, uid: number, found: NameChange): string {
  const person = found.name === null ? "no longer exists" : `is called ${found.name} now`;
  const bearer = found.uid === null ? "no user is" : `uid ${found.uid} is`;
  return `${user} was uid ${uid}, who ${person}; ${bearer} called ${user} now`;
}

/** How to say who is meant: a sentence without a full stop. */
function waysOut(user: string, found: NameChange): string {
  const ways = [
    ...(found.name === null ? [] : [`declare the user ${found.name} to keep the access of that person`]),
    ...(found.uid === null ? [] : [`write expectedUid: ${found.uid} to give it to the one who is called ${user} now`]),
    "remove the binding to take the access away",
  ];
  return capitalized(ways.join(", or "));
}

/** Refuses to bind the user who has the recorded name now: it may be another person. */
export function otherUser(
  server: string,
  { client, user, uid }: { client: string; user: string; uid: number },
  found: NameChange,
): AegirError {
  return new AegirError({
    code: "changedMeanwhile",
    what: partedNames(user, uid, found),
    server,
    outcome: "notDone",
    next: waysOut(user, found),
    detail: { client, user, uid, found },
  });
}
