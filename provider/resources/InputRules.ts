/** Collects everything that is wrong with a resource's inputs, so that one preview reports all of it. */
import { configuredServers } from "../aegir/servers";
import { instanceOf, serverSelectionProblem, type ServerConfiguration } from "../aegir/ServerConfiguration";
import { internalNameProblems } from "../naming/InternalName";
import { printable } from "../text/printable";
import { isKnown, UNKNOWN, type CheckFailure } from "./Lifecycle";

type Problems = (value: string) => string[];

export class InputRules {
  readonly failures: CheckFailure[] = [];

  /** @param within the property that holds these inputs, where they are not the resource's own */
  constructor(
    private readonly inputs: Record<string, unknown>,
    private readonly within?: string,
  ) {}

  /** The rules of an object-valued property; what they find is reported here. Unknown and absent values pass. */
  nested(property: string, apply: (rules: InputRules) => void): void {
    const value = this.inputs[property];
    if (value === undefined || value === null || value === UNKNOWN) return;
    if (typeof value !== "object" || Array.isArray(value)) {
      this.fail(property, `${property} is ${shown(value)}; it is an object.`);
      return;
    }
    const rules = new InputRules({ ...value }, property);
    apply(rules);
    this.failures.push(...rules.failures);
  }

  /** A property that must be there, a text, and free of the problems that `rule` finds. */
  text(property: string, rule: Problems): void {
    const value = this.inputs[property];
    if (value === undefined || value === null || value === "")
      this.fail(property, `${this.#path(property)} is missing.`);
    else this.optionalText(property, rule);
  }

  /** A property that may be absent. Unknown values pass. */
  optionalText(property: string, rule: Problems): void {
    const value = this.inputs[property];
    if (value === undefined || value === null || !isKnown(value)) return;
    if (typeof value !== "string")
      this.fail(property, `${this.#path(property)} is ${kindOf(value)}; write it as a text.`);
    else for (const problem of rule(value)) this.fail(property, problem);
  }

  /** A property that may be absent and else is one of these texts, or passes `also`. */
  choice(property: string, choices: readonly string[], also: (value: string) => boolean = () => false): void {
    this.optionalText(property, (value) =>
      choices.includes(value) || also(value)
        ? []
        : [
            `${this.#path(property)} is ${shown(value)}; it can be ${choices.map((choice) => `"${choice}"`).join(" or ")}.`,
          ],
    );
  }

  /** @param what as in "a user id, for example 9" */
  optionalNumber(property: string, what: string): void {
    const value = this.inputs[property];
    if (value === undefined || value === null || !isKnown(value)) return;
    if (!Number.isSafeInteger(value) || (value as number) < 1)
      this.fail(property, `${this.#path(property)} is ${shown(value)}; write ${what}.`);
  }

  optionalBoolean(property: string): void {
    const value = this.inputs[property];
    if (value === undefined || value === null || !isKnown(value)) return;
    if (typeof value !== "boolean")
      this.fail(property, `${this.#path(property)} is ${shown(value)}; write true or false.`);
  }

  /** Selects the configured server, whose name then stands in the inputs for the life of the resource. */
  server(): { name: string; configuration: ServerConfiguration } | undefined {
    const named = this.inputs["server"];
    if (!isKnown(named)) return undefined;
    if (named !== undefined && typeof named !== "string") {
      this.fail("server", `server is ${kindOf(named)}; write it as a text.`);
      return undefined;
    }
    let servers;
    try {
      servers = configuredServers();
    } catch (error) {
      this.fail("server", (error as Error).message);
      return undefined;
    }
    const problem = serverSelectionProblem(servers, named);
    if (problem) {
      this.fail("server", problem);
      return undefined;
    }
    const name = named ?? Object.keys(servers)[0]!;
    return { name, configuration: servers[name]! };
  }

  /** As `server`, for what only Drush can change: a hosted account is refused here, before anybody asks it. */
  drushServer(): { name: string; configuration: ServerConfiguration } | undefined {
    const server = this.server();
    if (server && !server.configuration.connection) {
      this.fail(
        "server",
        `Server "${server.name}" is configured as a hosted account: it has \`accounts\` and no \`connection\` that runs Drush. ` +
          "BOA refuses the front end to such a login, so that ShellAccount alone can be declared there; its clients, owners and users are changed in the panel.",
      );
    }
    const { user } = server?.configuration.connection ?? {};
    const instance = instanceOf(user ?? "");
    if (server && instance !== undefined) {
      this.fail(
        "server",
        `Server "${server.name}" runs Drush as ${user}, whose limited shell refuses the front end. ShellAccount alone can be managed with it: ` +
          `move that connection to accounts: { instance: "${instance}", connection: ... }. For the rest log in as root or a sudoer, with drush: { runAs: "${instance}" }.`,
      );
    }
    return server;
  }

  /** The problems of a client's internal name on this server: what BOA makes of names holds where it makes logins. */
  internalName(server: { configuration: ServerConfiguration } | undefined, clientPrefix = ""): Problems {
    return (value) => internalNameProblems(value, clientPrefix, server?.configuration.accounts !== undefined);
  }

  fail(property: string, reason: string): void {
    this.failures.push({ property: this.within ?? property, reason });
  }

  #path(property: string): string {
    return this.within === undefined ? property : `${this.within}.${property}`;
  }
}

/** What a resource declares: a property that is null, as an output of another stack may be, is not declared. */
export function withoutNulls<Inputs extends object>(news: Inputs): Partial<Inputs> {
  return Object.fromEntries(Object.entries(news).filter(([, value]) => value !== null)) as Partial<Inputs>;
}

/** What somebody wrote, on one line. */
function shown(value: unknown): string {
  return printable(JSON.stringify(value), 120);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** `client:<internalName>`: how an input names a client as the receiver of something. */
export const CLIENT_ID = /^client:[a-z0-9_]{1,16}$/;

/** The internal name in `client:<internalName>`; null for `default-owner`. */
export function receiver(text: string): string | null {
  return text === "default-owner" ? null : text.slice("client:".length);
}
