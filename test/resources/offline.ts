/** What tests of check and diff share: servers that nobody has to reach, and ears for what is printed. */
import { configureServers } from "../../provider/aegir/servers";
import { aegirClient } from "../../provider/resources/AegirClient";
import { clientUserBinding } from "../../provider/resources/ClientUserBinding";
import type { CheckResult, DiffResult, ResourceHandlers } from "../../provider/resources/ResourceHandlers";
import { shellAccount } from "../../provider/resources/ShellAccount";
import { siteOwnership } from "../../provider/resources/SiteOwnership";

export type Values = Record<string, unknown>;

export const lifecycles: Record<string, ResourceHandlers<never, unknown>> = {
  AegirClient: aegirClient,
  SiteOwnership: siteOwnership,
  ClientUserBinding: clientUserBinding,
  ShellAccount: shellAccount,
};

const connection = { host: "aegir.example.com", user: "aegir", hostKey: `SHA256:${"A".repeat(43)}` };
const boa = { connection, accounts: { instance: "o1" } };

/** Server maps as a stack's configuration holds them. */
export const stacks = {
  oneServer: { main: boa },
  /** `plain` is an Aegir without shell accounts. */
  twoServers: { main: boa, plain: { connection: { ...connection, host: "plain.example.com" } } },
  prefixed: { main: { ...boa, clientPrefix: "cl_" } },
};

export function configure(servers: object): void {
  configureServers(JSON.stringify(servers));
}

/** Checks as Pulumi does: values cross the wire as JSON, so nothing is undefined at the other end. */
export function check(type: string, news: Values, olds: Values = {}): CheckResult {
  const [old, given] = [overTheWire(olds), overTheWire(news)];
  return overTheWire(lifecycles[type]!.check(old as never, given as never) as unknown as Values) as never;
}

/** What diff decides and the lines that it prints. */
export function diff(type: string, id: string, olds: Values, news: Values): DiffResult & { printed: string[] } {
  const printed: string[] = [];
  const { log } = console;
  console.log = (...words: unknown[]) => void printed.push(words.join(" "));
  try {
    const result = lifecycles[type]!.diff(id, overTheWire(olds), overTheWire(news) as never) as DiffResult;
    return { ...result, printed };
  } finally {
    console.log = log;
  }
}

function overTheWire(values: Values): Values {
  return JSON.parse(JSON.stringify(values)) as Values;
}
