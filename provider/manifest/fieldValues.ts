/** The values of a map's fields, as far as they can be read: what has another type is absent. */
import type { Span } from "./SourceText";
import type { Value } from "./YamlTree";

export interface Text extends Span {
  text: string;
}

export function fieldOf(value: Value | undefined, key: string): Value | undefined {
  return value?.fields.get(key)?.value;
}

export function itemsOf(value: Value | undefined, key: string): readonly Value[] {
  return fieldOf(value, key)?.items ?? [];
}

export function keyIfTrue(value: Value, key: string): Span | undefined {
  const field = value.fields.get(key);
  return isTrue(field?.value) ? field?.key : undefined;
}

export function isTrue(value: Value | undefined): boolean {
  return value?.plain === true;
}

export function numberOf(value: Value | undefined): number | undefined {
  return typeof value?.plain === "number" ? value.plain : undefined;
}

export function textOf(value: Value | undefined): Text | undefined {
  return typeof value?.plain === "string" ? { ...spanOf(value), text: value.plain } : undefined;
}

export function textsOf(value: Value | undefined, key: string): Text[] {
  return itemsOf(value, key).flatMap((item) => textOf(item) ?? []);
}

/** A span alone: entries are kept longer than the tree that they were read from. */
export function spanOf({ source, start, end }: Span): Span {
  return { source, start, end };
}
