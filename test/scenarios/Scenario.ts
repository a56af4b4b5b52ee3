/** A small Aegir, a stack on one engine, and the second channels that show what the server really holds. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { aegirAccess, type Ended } from "../cli/command";
import type { KeyPair } from "../support/keys";
import { sitesOfLogin } from "../support/PlainClient";
import { type Opener, openStack, ScenarioStack, type ScenarioStackOptions } from "./ScenarioStack";

export { bound, client, expectOk, login, owned, textsBelow } from "./ScenarioStack";

export interface ScenarioOptions extends Omit<ScenarioStackOptions, "servers"> {
  aegir?: SmallAegirOptions;
  /** The name under which the small Aegir is configured; `main` if absent. */
  server?: string;
  /** Further servers by name. */
  servers?: Record<string, object>;
}

export class Scenario extends ScenarioStack {
  private constructor(
    readonly aegir: SmallAegir,
    opened: Awaited<ReturnType<typeof openStack>>,
  ) {
    super(...opened);
  }

  static async open(engine: Opener, options: ScenarioOptions = {}): Promise<Scenario> {
    const aegir = await SmallAegir.start(options.aegir);
    const servers = { [options.server ?? "main"]: aegir.configuration(), ...options.servers };
    return new Scenario(aegir, await openStack(engine, { ...options, servers }));
  }

  /** The owner of a live site, from the server's own tables. */
  owner(site: string): string | null {
    const found = this.aegir.tables().sites.find((row) => row.site === site && row.status !== -2);
    if (!found) throw new Error(`the server has no site ${site}`);
    return found.owner;
  }

  /** Runs the command `aegir-access` against the server. */
  look(args: string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const { host, port, user, hostKey, privateKey } = this.aegir.drush;
    const file = join(this.directory, "servers.json");
    writeFileSync(file, JSON.stringify({ main: { connection: { host, port, user, hostKey } } }));
    return aegirAccess([...args, "--config", file], { environment: { AEGIR_PRIVATE_KEY: privateKey, ...environment } });
  }

  /** Logs in as a shell account and lists what it sees below `sites/`; undefined if it is not let in. */
  async sitesOf(login: string, password?: string): Promise<string[] | undefined> {
    const stored = this.aegir.tables().passwordFiles[login]?.trimEnd();
    return sitesSeenBy(this.aegir, login, password ?? stored ?? "");
  }

  /** The same with a person's own key. */
  async sitesByKey(user: string, { private: privateKey }: KeyPair): Promise<string[] | undefined> {
    const { host, port, hostKey } = this.aegir.drush;
    return sitesOfLogin({ host, port, hostKey, user, privateKey });
  }

  /** Ends the scenario, and fails it if a secret was printed, or lies in the clear in a file of the stack. */
  async close(): Promise<void> {
    const exposed = this.exposed(this.aegir.secrets());
    await this.aegir.stop();
    this.remove();
    assert.deepEqual(exposed, [], "no secret is in an output or a file in the clear");
  }
}

/** What a shell account of the small Aegir sees, as `sitesOfLogin` tells it. */
export async function sitesSeenBy(aegir: SmallAegir, user: string, password: string): Promise<string[] | undefined> {
  const { host, port, hostKey } = aegir.drush;
  return sitesOfLogin({ host, port, hostKey, user, password });
}
