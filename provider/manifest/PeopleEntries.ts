/** The entries of people and teams, as far as they can be read. */
import { fieldOf, isTrue, keyIfTrue, numberOf, spanOf, type Text, textOf, textsOf } from "./fieldValues";
import type { Span } from "./SourceText";
import type { Value } from "./YamlTree";

export interface PersonEntry {
  /** The key of the record, by which entries refer to the person. */
  id: Text;
  /** The name of the panel user: the key, unless the record has another. */
  name: Text;
  email: Text | undefined;
  /** The key, if the value is true. */
  welcomeMail: Span | undefined;
  expectedUid: number | undefined;
  keys: Text[];
  external: boolean;
  owner: Text | undefined;
  ends: Text | undefined;
}

export interface TeamEntry {
  name: Text;
  /** Names of people and of teams. */
  members: Text[];
}

export function personEntries(root: Value): PersonEntry[] {
  return entriesOf(root, "people").map(([id, value]) => ({
    id,
    name: textOf(fieldOf(value, "name")) ?? id,
    email: textOf(fieldOf(value, "email")),
    welcomeMail: keyIfTrue(value, "welcomeMail"),
    expectedUid: numberOf(fieldOf(value, "expectedUid")),
    keys: textsOf(value, "keys"),
    external: isTrue(fieldOf(value, "external")),
    owner: textOf(fieldOf(value, "owner")),
    ends: textOf(fieldOf(value, "ends")),
  }));
}

export function teamEntries(root: Value): TeamEntry[] {
  return entriesOf(root, "teams").map(([name, value]) => ({
    name,
    members: value.items.flatMap((item) => textOf(item) ?? []),
  }));
}

function entriesOf(root: Value, field: string): [name: Text, value: Value][] {
  return [...(fieldOf(root, field)?.fields ?? [])].map(([name, { key, value }]) => [
    { ...spanOf(key), text: name },
    value,
  ]);
}
