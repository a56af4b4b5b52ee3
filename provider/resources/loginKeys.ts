/**
 * The public keys of people in a client's login. What is taken away goes before anything else is done, what is declared
 * is there when the operation is done, and then the server is asked whether it refuses what was taken away.
 */
import type { AegirServer } from "../aegir/AegirServer";
import {
  decideKeys,
  type IsOurs,
  letsIn,
  otherStackWith,
  type StackName,
  withKeys,
  withoutKeys,
} from "../decisions/authorizedKeys";
import { type AuthorizedKey, describeKey, keyLine, keysOf } from "../naming/AuthorizedKey";
import { OneLineError } from "../text/OneLineError";
import { report } from "./report";

/** Lines of keys, as inputs and outputs have them; undefined: none were ever declared. */
type Lines = string[] | undefined;

/** What a program or a state says of the keys in a login. */
export interface KeysOfStack {
  authorizedKeys?: Lines;
  /** Whose they are. */
  stack?: StackName;
}

/** The keys of a login that are declared now, and those that were. */
export class LoginKeys {
  readonly #declared: Lines;
  readonly #recorded: Lines;
  readonly #stack: StackName;
  readonly #isOurs: IsOurs;

  /** @param olds undefined if nothing is recorded: then everything that this stack has marked was declared once */
  constructor(
    private readonly server: AegirServer,
    private readonly login: string,
    news: KeysOfStack | undefined,
    olds: KeysOfStack | undefined,
  ) {
    this.#declared = news?.authorizedKeys;
    this.#recorded = olds?.authorizedKeys;
    this.#stack = (news ?? olds)?.stack;
    const names = [news, olds].flatMap((keys) => (keys ? [keys.stack] : []));
    this.#isOurs = (stack) => names.includes(stack);
  }

  /** Removes the keys that are not declared any more; a missing account has none. Returns what `grant` needs. */
  async revoke(): Promise<AuthorizedKey[]> {
    const live = await this.#readIfReachable();
    const { going } = this.#decide(live ?? "");
    if (live !== undefined) {
      await this.server.authorizedKeys.edit(this.login, live, (text) => withoutKeys(text, going, this.#isOurs));
    }
    return going;
  }

  /**
   * The same before a rotation. That takes every key away with the account, so the account's holder, who can make the file
   * unreachable, cannot keep it from happening.
   */
  async revokeBeforeRotation(id: string): Promise<AuthorizedKey[]> {
    try {
      return await this.revoke();
    } catch (error) {
      if (!(error instanceof OneLineError)) throw error;
      report(id, `its keys could not be taken away before the rotation, which does it: ${error.sentences}`);
      return this.#decide("").going;
    }
  }

  /**
   * Puts the declared keys into the login, and sees to it that those which are `going` are refused.
   * @throws AegirError `notApplied` if one of them is not
   */
  async grant(going: AuthorizedKey[]): Promise<void> {
    const wanted = keysOf(this.#declared);
    if (wanted.length + going.length === 0) return;
    const { authorizedKeys } = this.server;
    if (wanted.length > 0) {
      const text = await authorizedKeys.readWhenMade(this.login);
      await authorizedKeys.edit(this.login, text, (now) => withKeys(now, wanted, this.#stack, this.#isOurs));
    }
    const now = (await this.#readIfReachable()) ?? "";
    const left = going.find((key) => letsIn(now, key));
    if (left) throw authorizedKeys.leftByOthers(this.login, left, otherStackWith(now, left, this.#isOurs));
    await authorizedKeys.requireRefused(this.login, going);
    const lost = wanted.find((key) => !letsIn(now, key));
    if (lost) throw authorizedKeys.notWritten(this.login, lost);
  }

  /**
   * The recorded lines whose keys are there or let somebody in for another reason, which a failed change is still to see
   * to; and the keys that this stack wrote and does not know any more. Undefined if there is none, and none is recorded.
   */
  async read(): Promise<Lines> {
    const text = (await this.#readIfReachable()) ?? "";
    const recorded = this.#recorded ?? [];
    const { going } = decideKeys(recorded, [], text, this.#isOurs);
    const missing = keysOf(recorded).filter((key) => !letsIn(text, key));
    const accepted = (await this.server.authorizedKeys.accepted(this.login, missing)).map(keyLine).join("\n");
    const isThere = (line: string) => keysOf([line]).some((key) => letsIn(text, key) || letsIn(accepted, key));
    const lines = [...recorded.filter(isThere), ...going.map(({ type, blob }) => `${type} ${blob}`)];
    return this.#recorded === undefined && lines.length === 0 ? undefined : lines;
  }

  #decide(live: string) {
    return decideKeys(this.#declared, this.#recorded, live, this.#isOurs);
  }

  /**
   * Undefined as well where the connection is not root's any more: then the server is asked about each key alone. And where
   * no key is declared or recorded, if the file cannot be read: root's key may be bound to a command of its own.
   */
  async #readIfReachable(): Promise<string | undefined> {
    const { authorizedKeys } = this.server;
    if (!authorizedKeys.areReachable) return undefined;
    try {
      return await authorizedKeys.read(this.login);
    } catch (error) {
      const isNeeded = this.#declared !== undefined || this.#recorded !== undefined;
      if (isNeeded || !(error instanceof OneLineError)) throw error;
      return undefined;
    }
  }
}

/** The lines of the keys that may be in the login while a change of them is not complete. */
export function linesMeanwhile(declared: Lines, going: AuthorizedKey[]): { authorizedKeys?: string[] } {
  const lines = [...(declared ?? []), ...going.map(keyLine)];
  return lines.length > 0 ? { authorizedKeys: lines } : {};
}

/** Says in a preview whom a change lets in and whom it keeps out. */
export function reportKeys(id: string, before: Lines, after: Lines): void {
  for (const key of addedKeys(after, before)) report(id, `no longer lets in the key ${describeKey(key)}.`);
  for (const key of addedKeys(before, after)) report(id, `lets in the key ${describeKey(key)}.`);
}

export function addedKeys(before: Lines, after: Lines): AuthorizedKey[] {
  const old = keysOf(before);
  return keysOf(after).filter(({ blob }) => !old.some((key) => key.blob === blob));
}
