/** A review, and a picture of access, for programs. Fields are added, and never change their meaning within a version. */
import { type BrokenRule, jsonBroken } from "../rules/judge";
import { type Phrase, rendered } from "../text/Phrase";
import { printable } from "../text/printable";
import type { AccessChange, Who } from "./AccessChange";
import type { AccessKey, EffectiveAccess, Person } from "./EffectiveAccess";
import { isRefused, type Review } from "./RemovalLimit";
import { type ChangeVerb, ReviewText } from "./ReviewText";

export const JSON_VERSION = 1;

/** Plain data; `text` is what the other printers say, safe to show. Names are as they are: escape them where you show them. */
export function jsonReview(review: Review): object {
  const { difference, refusals, allowed } = review;
  const { lost, gained, renames, advisories, grants, after } = difference;
  const sentences = new ReviewText(difference);
  const everything = { people: Infinity, sites: Infinity };
  const change = (verb: ChangeVerb) => (each: AccessChange) => ({
    who: each.who.map(plainWho),
    sites: each.sites,
    causes: each.causes,
    announced: each.announced,
    text: text(sentences.change(each, verb, everything)),
  });
  return {
    version: JSON_VERSION,
    asOf: after.asOf,
    refused: isRefused(review),
    summary: text(sentences.summary()),
    checksums: review.checksums ?? null,
    accessTests: review.accessTests ?? null,
    grants,
    refusals: refusals.map((refusal) => ({ ...plain(refusal), text: text(sentences.refusal(refusal)) })),
    remedies: sentences.remedies(review).map(text),
    allowed: allowed.map((refusal) => ({ ...plain(refusal), text: text(sentences.allowedChange(refusal)) })),
    lost: lost.map(change("lose")),
    gained: gained.map(change("gain")),
    renamed: renames.map((rename) => ({ ...rename, text: text(sentences.rename(rename)) })),
    notes: advisories.map((advisory) => ({ ...plain(advisory), text: text(sentences.advisory(advisory)) })),
  };
}

/** Who reaches what. `access[].sites` may be many: a person reaches all sites of each client that is listed. */
export function jsonAccess(access: EffectiveAccess): object {
  return {
    version: JSON_VERSION,
    asOf: access.asOf,
    clients: [...access.clients.values()].map(({ internalName, name, bindings }) => ({
      client: internalName,
      name,
      login: access.loginOf(internalName) === undefined ? null : access.loginName(internalName),
      sites: access.sitesOf(internalName),
      people: [...bindings.values()].map(({ person, expires, reason, ended, keys, ways }) => ({
        ...plainPerson(person),
        expires: expires ?? null,
        reason: reason ?? null,
        ended,
        teams: [...new Set((ways ?? []).flatMap(({ team }) => team ?? []))],
        /** Null where this is not known. */
        keys: keys?.map(({ type, fingerprint, comment }) => ({ type, fingerprint, comment })) ?? null,
      })),
    })),
    teams: Array.from(access.teams, ([name, members]) => ({
      name,
      people: [...members].flatMap((key) => access.people.get(key)?.name ?? []).sort(),
      teams: [...(access.teamsIn.get(name) ?? [])],
    })),
    unowned: [...access.sites.values()].flatMap(({ site, owner }) => (owner === undefined ? [site] : [])),
    administrators: access.administrators().map(({ name }) => name),
  };
}

function plainWho(who: Who): object {
  return who.kind === "person" ? { kind: "person", ...plainPerson(who.person) } : who;
}

function plainPerson({ name, by, blocked, administrator, lastUse, ends, external }: Person): object {
  const facts = { ...(external && { external }), ...(ends !== undefined && { ends }), ...(lastUse && { lastUse }) };
  return { name, by, blocked, administrator, ...facts };
}

/** People as names, where the data has whole persons. */
function plain(data: object): object {
  return Object.fromEntries(
    Object.entries(withoutBroken(data)).map(([key, value]: [string, unknown]) => {
      if (key === "people") return [key, (value as Person[]).map(plainPerson)];
      if (key === "keys") {
        return [key, (value as AccessKey[]).map(({ type, fingerprint, comment }) => ({ type, fingerprint, comment }))];
      }
      return [key, key === "person" ? plainPerson(value as Person) : value];
    }),
  );
}

/** A rule that is broken, as plain fields beside the others. */
function withoutBroken(data: object): object {
  if (!("broken" in data)) return data;
  const { broken, ...rest } = data as { broken: BrokenRule };
  return { ...rest, ...jsonBroken(broken) };
}

function text(words: Phrase): string {
  return rendered(words, (name) => printable(name));
}
