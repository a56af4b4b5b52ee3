/**
 * The properties of a resource, each defined once. The definition gives the arguments of a program, the inputs of the
 * operations, what `check` finds wrong, what a change means, and what editors show of it: the comment above it.
 */
import type * as pulumi from "@pulumi/pulumi";
import { internalNameProblems } from "../naming/InternalName";
import { printable } from "../text/printable";
import { isKnown, pick, same } from "./values";

/** A property's place in a check: `optional` in arguments and inputs, or filled in by `check` where it is absent. */
type Presence = "required" | "optional" | "filledIn";

/** What the rules of names depend on, by server. */
export interface NamingRules {
  clientPrefix: string;
  /** BOA makes shell logins of the names. */
  shellLogins: boolean;
}

interface Meaning {
  /** A change replaces the resource. */
  replaces?: true;
  /** What is compared of a string or a list, where two ways of writing it mean the same to the server. */
  compared?: ((value: string) => string) | ((value: string[]) => string[]);
}

/** What values a property takes. */
interface Kind<Arg, Value> {
  /** @param path of the property, as a message names it */
  problems: (value: unknown, path: string, naming: NamingRules) => string[];
  /** Of an object. */
  readonly properties?: Properties;
  /** Types alone: what a program may write, and what a check passes on. */
  readonly types?: { arg: Arg; value: Value };
}

export interface Property<Arg = unknown, Value = unknown, Where extends Presence = Presence> extends Meaning {
  readonly presence: Where;
  readonly kind: Kind<Arg, Value>;
}

export type Properties = Record<string, Property>;

type Named<P extends Properties, Where extends Presence> = {
  [Key in keyof P]: P[Key]["presence"] extends Where ? Key : never;
}[keyof P];
type ArgOf<P> = P extends Property<infer Arg> ? Arg : never;
type ValueOf<P> = P extends Property<unknown, infer Value> ? Value : never;

/** What a program writes. Each resource maps it to a type of its own name, which compilers then show. */
export type ArgsOf<P extends Properties> = {
  [Key in keyof Pick<P, Named<P, "required">>]: pulumi.Input<ArgOf<P[Key]>>;
} & {
  [Key in keyof Pick<P, Named<P, "optional" | "filledIn">>]?: pulumi.Input<ArgOf<P[Key]>>;
};

/** What the operations get. */
export type InputsOf<P extends Properties> = {
  [Key in keyof Pick<P, Named<P, "required" | "filledIn">>]: ValueOf<P[Key]>;
} & {
  [Key in keyof Pick<P, Named<P, "optional">>]?: ValueOf<P[Key]>;
};

export function required<Arg, Value>(kind: Kind<Arg, Value>, meaning: Meaning = {}): Property<Arg, Value, "required"> {
  return { ...meaning, kind, presence: "required" };
}

export function optional<Arg, Value>(kind: Kind<Arg, Value>, meaning: Meaning = {}): Property<Arg, Value, "optional"> {
  return { ...meaning, kind, presence: "optional" };
}

/** May be absent in a program; its check sees to it that it is there for the operations, and known in a preview. */
export function filledIn<Arg, Value>(kind: Kind<Arg, Value>, meaning: Meaning = {}): Property<Arg, Value, "filledIn"> {
  return { ...meaning, kind, presence: "filledIn" };
}

export function string(problems: (value: string, naming: NamingRules) => string[] = () => []): Kind<string, string> {
  return {
    problems: (value, path, naming) =>
      typeof value === "string" ? problems(value, naming) : [notAString(value, path)],
  };
}

/** The internal name of an existing client. */
export function internalName(): Kind<string, string> {
  return string((value, { shellLogins }) => internalNameProblems(value, "", shellLogins));
}

export function boolean(): Kind<boolean, boolean> {
  return {
    problems: (value, path) => (typeof value === "boolean" ? [] : [`${path} is ${shown(value)}; write true or false.`]),
  };
}

/** @param problems of an entry, whose place in messages is for example `authorizedKeys[1]` */
export function listOfStrings(
  problems: (value: string, place: string) => string[],
): Kind<pulumi.Input<string>[], string[]> {
  return {
    problems: (value, path) => {
      if (!Array.isArray(value)) return [`${path} must be a list of strings, got ${kindOf(value)}.`];
      return value.flatMap((entry: unknown, index) => {
        const place = `${path}[${index}]`;
        return typeof entry === "string" ? problems(entry, place) : [notAString(entry, place)];
      });
    },
  };
}

/** @param what as in "a user id, for example 9" */
export function positiveInteger(what: string): Kind<number, number> {
  return {
    problems: (value, path) =>
      Number.isSafeInteger(value) && (value as number) > 0 ? [] : [`${path} is ${shown(value)}; write ${what}.`],
  };
}

export function choice<Choice extends string>(...choices: Choice[]): Kind<Choice, Choice> {
  return { problems: (value, path) => choiceProblems(value, path, choices, choices.includes(value as Choice)) };
}

type ClientReference = `client:${string}`;

/** The same, and a client as `client:<internalName>`. */
export function choiceOrClient<Choice extends string>(
  ...choices: Choice[]
): Kind<Choice | ClientReference, Choice | ClientReference> {
  const isChosen = (value: unknown) => choices.includes(value as Choice) || CLIENT_REFERENCE.test(String(value));
  return {
    problems: (value, path) =>
      choiceProblems(value, path, [...choices, "client:<internalName>"], typeof value === "string" && isChosen(value)),
  };
}

function choiceProblems(value: unknown, path: string, choices: readonly string[], isChosen: boolean): string[] {
  if (isChosen) return [];
  if (typeof value !== "string") return [notAString(value, path)];
  return [`${path} is ${shown(value)}; it can be ${choices.map((each) => `"${each}"`).join(" or ")}.`];
}

export function object<P extends Properties>(properties: P): Kind<ArgsOf<P>, InputsOf<P>> {
  return {
    properties,
    problems: (value, path, naming) =>
      isObject(value)
        ? Object.values(problemsOf(properties, { ...value }, naming, `${path}.`)).flat()
        : [`${path} must be an object, got ${kindOf(value)}.`],
  };
}

/** A string, or an object of another kind. */
export function stringOr<Arg, Value>(
  kind: Kind<Arg, Value>,
  problems: (value: string) => string[],
): Kind<string | Arg, string | Value> {
  return {
    ...(kind.properties && { properties: kind.properties }),
    problems: (value, path, naming) =>
      typeof value === "string"
        ? problems(value)
        : isObject(value)
          ? kind.problems(value, path, naming)
          : [`${path} must be a string or an object, got ${kindOf(value)}.`],
  };
}

/** Which of the configured servers: the only one if it is absent. */
export const serverName = filledIn(string(), { replaces: true });

export const CLIENT_REFERENCE = /^client:[a-z0-9_]{1,16}$/;

/** The internal name in `client:<internalName>`; null for `default-owner`. */
export function receiver(choice: string): string | null {
  return choice === "default-owner" ? null : choice.slice("client:".length);
}

export function notAString(value: unknown, path: string): string {
  return `${path} must be a string, got ${kindOf(value)}.`;
}

/** What was written, on one line. */
function shown(value: unknown): string {
  return printable(JSON.stringify(value), 120);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** By property; unknown values pass. The server's name is not looked at. */
export function problemsOf(
  properties: Properties,
  values: Record<string, unknown>,
  naming: NamingRules,
  within = "",
): Record<string, string[]> {
  const checked = Object.entries(properties).filter(([name]) => name !== "server");
  const found = checked.map(([name, { kind, presence }]) => {
    const value = values[name];
    const path = `${within}${name}`;
    const isAbsent = value === undefined || value === null || (value === "" && presence === "required");
    if (isAbsent) return [name, presence === "required" ? [`${path} is missing.`] : []] as const;
    return [name, mayBeChecked(value) ? kind.problems(value, path, naming) : []] as const;
  });
  return Object.fromEntries(found);
}

/** An object is checked property by property, since parts of it may be known already. */
function mayBeChecked(value: unknown): boolean {
  return isKnown(value) || isObject(value);
}

/** The properties that differ, and which of them replace the resource. */
export function changedProperties(
  properties: Properties,
  olds: object,
  news: object,
): { replaces: string[]; changed: string[] } {
  const differing = Object.entries(properties).filter(([name, { compared, kind }]) => {
    const [old, now] = [olds, news].map((values) => (values as Record<string, unknown>)[name]);
    if (kind.properties && isObject(old) && isObject(now)) {
      const { replaces, changed } = changedProperties(kind.properties, old, now);
      return replaces.length + changed.length > 0;
    }
    const isComparable = (value: unknown) => typeof value === "string" || (Array.isArray(value) && isKnown(value));
    const key = (value: unknown) => (compared && isComparable(value) ? compared(value as never) : value);
    return !same(key(old), key(now));
  });
  const named = (properties: typeof differing) => properties.map(([name]) => name);
  return {
    replaces: named(differing.filter(([, { replaces }]) => replaces)),
    changed: named(differing.filter(([, { replaces }]) => !replaces)),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is declared of the properties in `values`, which may be outputs. */
export function declaredOf<P extends Properties>(properties: P, values: object): InputsOf<P> {
  return pick(values, Object.keys(properties)) as InputsOf<P>;
}
