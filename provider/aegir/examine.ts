import { endOfPassword } from "../decisions/passwordRotation";
import { utcDay } from "../naming/Day";
import type { SshConnection } from "../ssh/SshConnection";
import { OneLineError } from "../text/OneLineError";
import type { AegirServer } from "./AegirServer";
import type { Ability, AccountsFacts, DrushFacts, Examination, Finding, HostKeyFacts } from "./Examination";
import { accountsFindings, drushFindings } from "./examinationFindings";
import { octopusInstance } from "./octopusInstance";
import type { ConnectionPath } from "./unpinnedHosts";

/** Looks at a server without changing anything. What it cannot see is a finding, not an error. */
export async function examine(server: AegirServer): Promise<Examination> {
  const findings: Finding[] = [];
  /** The result of a look, or null and a finding. */
  const look = async <T>(looking: Promise<T>): Promise<T | null> => {
    try {
      return await looking;
    } catch (error) {
      if (!(error instanceof OneLineError)) throw error;
      if (!findings.some(({ what }) => what === error.message)) findings.push({ what: error.message, next: "" });
      return null;
    }
  };
  const { connection, "accounts.connection": accountsConnection } = server.connections;
  const hostKeys = [
    ...(connection ? ((await look(shownBy("connection", connection))) ?? []) : []),
    ...(accountsConnection ? ((await look(shownBy("accounts.connection", accountsConnection))) ?? []) : []),
  ];
  const reached = (path: ConnectionPath) => hostKeys.some((key) => key.path === path);
  const drush = connection ? await drushFacts(server, connection.label, reached("connection"), look) : null;
  const { accounts: configured } = server.configuration;
  const accountsReached = reached(configured?.connection ? "accounts.connection" : "connection");
  const accounts = configured ? await accountsFacts(server, configured.instance, accountsReached, look) : null;

  const resources = abilities(drush, accounts);
  findings.push(...drushFindings(drush, configured?.instance), ...accountsFindings(accounts));
  const able = Object.values(resources).some((ability) => ability.able);
  const verdict = !able ? "unusable" : findings.length > 0 ? "limited" : "ready";
  return { server: server.name, verdict, hostKeys, drush, accounts, resources, findings };
}

type Look = <T>(looking: Promise<T>) => Promise<T | null>;

async function shownBy(path: "connection" | "accounts.connection", connection: SshConnection): Promise<HostKeyFacts[]> {
  const peers = await connection.peers();
  return peers.map((peer, index) => ({ path: index < peers.length - 1 ? `${path}.proxy` : path, ...peer }));
}

async function drushFacts(server: AegirServer, login: string, reached: boolean, look: Look): Promise<DrushFacts> {
  const facts = reached ? await look(server.worker.server()) : null;
  const asked = facts ? await look(server.worker.call("tasks", { nids: [] })) : null;
  const instance = facts && octopusInstance(facts);
  const queue = asked?.result.queue;
  return {
    login,
    user: facts?.user ?? null,
    home: facts?.home ?? null,
    flavour: facts ? (instance === null ? "Aegir" : "BOA") : null,
    instance,
    versions: facts && {
      protocol: facts.protocol,
      hosting: facts.hosting,
      drupal: facts.drupal,
      drush: facts.drush,
      php: facts.php,
    },
    defaultClient: facts?.defaultClient ?? null,
    adminClient: facts?.adminClient ?? null,
    clientPrefix: facts && { server: facts.clientPrefix, configured: server.configuration.clientPrefix },
    registersUsers: facts?.registersUsers ?? null,
    sendsWelcomeMail: facts?.sendsWelcomeMail ?? null,
    queue:
      asked && queue
        ? {
            queued: queue.queued,
            processing: queue.processing,
            lastRunSecondsAgo: queue.lastRun === null ? null : Math.max(asked.now - queue.lastRun, 0),
            obstacles: queue.obstacles,
            disks: queue.disks,
          }
        : null,
  };
}

async function accountsFacts(
  server: AegirServer,
  instance: string,
  reached: boolean,
  look: Look,
): Promise<AccountsFacts> {
  const { passwordFiles } = server;
  const nothing = {
    login: passwordFiles.label,
    instance,
    home: null,
    directory: null,
    files: null,
    ending: [],
    sshAcceptsPasswords: null,
    cron: null,
  };
  if (!reached) return nothing;
  const home = await look(passwordFiles.home());
  const directory = home === null ? null : await look(passwordFiles.directory());
  const logins = directory === null ? null : await look(passwordFiles.logins());
  const ending = [...(logins ?? [])].flatMap(([login, age]) => {
    const end = endOfPassword(age, undefined, utcDay());
    return end ? [{ login, ...end }] : [];
  });
  const cron = logins === null ? null : await look(passwordFiles.cronObstacles());
  const sshAcceptsPasswords = await look(passwordFiles.sshAcceptsPasswords());
  return { ...nothing, home, directory, files: logins?.size ?? null, ending, sshAcceptsPasswords, cron };
}

function abilities(drush: DrushFacts | null, accounts: AccountsFacts | null): Examination["resources"] {
  const can = (able: boolean, why: string): Ability => ({ able, why: able ? null : why });
  const throughDrush = can(
    drush !== null && drush.versions !== null,
    drush === null
      ? "a hosted account: BOA gives it no access to the front end; change clients, owners and users in the panel"
      : "no worker started",
  );
  const shellAccount =
    accounts !== null
      ? can(accounts.files !== null, "its password files cannot be read")
      : can(false, drush?.flavour === "Aegir" ? "shell accounts exist only on BOA" : "no `accounts` are configured");
  return {
    AegirClient: throughDrush,
    SiteOwnership: throughDrush,
    ClientUserBinding: throughDrush,
    ShellAccount: shellAccount,
  };
}
