/** The rules of a manifest as far as they can be read, each with its places in the file. */
import { RULE_KINDS } from "../rules/kinds";
import type { Rule, RuleAllowance, RuleBody, RuleKindName, RuleLevel, Scope } from "../rules/Rule";
import { fieldOf, itemsOf, type Text, textOf } from "./fieldValues";
import type { Span } from "./SourceText";
import type { Value } from "./YamlTree";

export interface RuleEntry {
  span: Span;
  rule: Text | undefined;
  reason: Text | undefined;
  level: RuleLevel | undefined;
  /** The fields that say what kind of rule it is: one, in a rule that is right. */
  kinds: { kind: RuleKindName; key: Span; value: Value }[];
  /** The fields that say where it holds. */
  scope: { key: Span; value: Value }[];
  allow: AllowEntry[];
  /** Names in the rule, and in its exceptions. */
  names: NamesEntry;
}

export interface AllowEntry {
  span: Span;
  reason: Text | undefined;
  until: Text | undefined;
  value: Value;
}

/** What a rule refers to. */
export interface NamesEntry {
  people: Text[];
  teams: Text[];
  clients: Text[];
  sites: Text[];
}

export function ruleEntry(value: Value): RuleEntry {
  const level = fieldOf(value, "level")?.plain;
  const names: NamesEntry = { people: [], teams: [], clients: [], sites: [] };
  collect(value, names);
  return {
    span: value,
    rule: textOf(fieldOf(value, "rule")),
    reason: textOf(fieldOf(value, "reason")),
    level: typeof level === "string" ? (level as RuleLevel) : undefined,
    kinds: (Object.keys(RULE_KINDS) as RuleKindName[]).flatMap((kind) => {
      const found = value.fields.get(kind);
      return found ? [{ kind, ...found }] : [];
    }),
    scope: ["clients", "sites"].flatMap((key) => value.fields.get(key) ?? []),
    allow: itemsOf(value, "allow").map((item) => ({
      span: item,
      reason: textOf(fieldOf(item, "reason")),
      until: textOf(fieldOf(item, "until")),
      value: item,
    })),
    names,
  };
}

/** Wherever people, teams, clients and sites are listed in a rule, the fields have the same names. */
function collect(value: Value, names: NamesEntry): void {
  for (const [key, { value: inner }] of value.fields) {
    if (Object.hasOwn(names, key)) names[key as keyof NamesEntry].push(...leaves(inner));
    else collect(inner, names);
  }
  for (const item of value.items) collect(item, names);
}

function leaves(value: Value): Text[] {
  return value.items.flatMap((item) => textOf(item) ?? leaves(item));
}

/** @param nameOf the name of the panel user that an entry of people means */
export function normalRule(
  { rule, reason, level, kinds, span, allow }: RuleEntry,
  nameOf: (person: string) => string,
): Rule {
  const [body] = kinds;
  const value = named(body?.value.plain, nameOf);
  return {
    ...({ kind: body!.kind, value } as RuleBody),
    rule: rule?.text ?? "",
    reason: reason?.text ?? "",
    level: level ?? "never",
    scope: scopeOf((span as Value).plain as Scope),
    allow: allow.map(({ value }) => named(value.plain, nameOf) as RuleAllowance),
  };
}

function scopeOf({ clients, sites }: Scope): Scope {
  return { ...(clients && { clients }), ...(sites && { sites }) };
}

/** What is written, with the names of panel users. */
function named(plain: unknown, nameOf: (person: string) => string): unknown {
  if (typeof plain !== "object" || plain === null || !("people" in plain)) return plain;
  return { ...plain, people: (plain.people as string[]).map(nameOf) };
}
