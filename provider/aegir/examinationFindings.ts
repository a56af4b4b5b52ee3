/** What a person should look at on a server that was examined, and what to do about it. */
import { duration } from "../text/duration";
import { printable } from "../text/printable";
import type { AccountsFacts, DrushFacts, Finding, QueueState } from "./Examination";

/** A queue with tasks that has not run for this long is stuck; BOA's runs every minute. */
const STALE_QUEUE_SECONDS = 15 * 60;

/** From here on a disk is worth a warning; BOA's cron stops above 90 %. */
const FILLING_PERCENT = 85;

export function drushFindings(drush: DrushFacts | null, configuredInstance: string | undefined): Finding[] {
  if (!drush?.versions) return [];
  const { flavour, queue } = drush;
  return [
    ...instanceFindings(drush, configuredInstance),
    ...clientFindings(drush),
    ...(queue ? [...diskFindings(queue, flavour), ...queueFindings(queue)] : []),
  ];
}

/** Whether the configured accounts belong to the server that Drush runs on. */
function instanceFindings({ flavour, instance, home }: DrushFacts, configuredInstance: string | undefined): Finding[] {
  if (flavour === "BOA" && configuredInstance === undefined) {
    return [
      {
        what: `This is the BOA instance ${instance}, and no \`accounts\` are configured: its shell accounts cannot be managed`,
        next: `To manage them too, write accounts: { instance: "${instance}", connection: ... } with ${instance}.ftp or root.`,
      },
    ];
  }
  if (flavour === "BOA" && configuredInstance !== instance) {
    return [
      {
        what: `Drush runs the front end of the instance ${instance}, but the configured accounts are those of ${configuredInstance}`,
        next: "Correct the instance, or configure the two as two servers.",
      },
    ];
  }
  if (flavour === "Aegir" && configuredInstance !== undefined) {
    return [
      {
        what: `\`accounts\` are configured, but this Aegir is not a BOA instance (${home})`,
        next: "Remove `accounts`, or let Drush run as the user of the instance.",
      },
    ];
  }
  return [];
}

function clientFindings({ defaultClient, adminClient, clientPrefix }: DrushFacts): Finding[] {
  const findings: Finding[] = [];
  if (defaultClient === null) {
    findings.push({
      what: "hosting_default_client names no client: no client receives the site of a SiteOwnership that is destroyed",
      next: "Set the default client in the panel (Hosting > Settings), or onDestroy on each SiteOwnership.",
    });
  }
  if (adminClient?.nid !== 1) {
    const found = adminClient ? `${adminClient.internalName} (nid ${adminClient.nid})` : "not set";
    findings.push({
      what: `hosting_admin_client is ${found}, but Aegir's grants expect nid 1`,
      next: "Administrators may not see everything in the panel; this package does not change that.",
    });
  }
  if (clientPrefix && clientPrefix.server !== clientPrefix.configured) {
    const [server, configured] = [shown(clientPrefix.server), shown(clientPrefix.configured)];
    findings.push({
      what: `The server's client prefix is ${server}, configured is ${configured}: previews show internal names that the server will not use`,
      next: `Write clientPrefix: ${server}.`,
    });
  }
  return findings;
}

function diskFindings({ disks }: QueueState, flavour: DrushFacts["flavour"]): Finding[] {
  // Above 90 %, a full disk of BOA is an obstacle of its queue.
  const isFilling = (percent: number) => percent >= FILLING_PERCENT && !(flavour === "BOA" && percent > 90);
  const next =
    flavour === "BOA"
      ? "Above 90 %, BOA runs no tasks and no account cron. Free some space, for example from old backups."
      : "Free some space, for example from old backups.";
  return disks
    .filter(({ percent }) => isFilling(percent))
    .map(({ path, percent }) => ({ what: `The disk of ${printable(path)} is ${percent} % full`, next }));
}

function queueFindings({ obstacles, queued, lastRunSecondsAgo }: QueueState): Finding[] {
  const findings = obstacles.map((obstacle) => ({
    what: `The task queue is held up: ${printable(obstacle)}`,
    next: "A SiteOwnership waits until it continues.",
  }));
  if (queued > 0 && (lastRunSecondsAgo ?? Infinity) > STALE_QUEUE_SECONDS) {
    const when = lastRunSecondsAgo === null ? "has never run" : `last ran ${duration(lastRunSecondsAgo)} ago`;
    findings.push({
      what: `${queued} tasks are queued, and the queue ${when}`,
      next: "Check that the cron of Aegir's user runs; until then a SiteOwnership waits.",
    });
  }
  return findings;
}

export function accountsFindings(accounts: AccountsFacts | null): Finding[] {
  const findings = (accounts?.cron?.seen ?? []).map((obstacle) => ({
    what: `BOA's account cron is held up: ${obstacle}`,
    next: "A ShellAccount waits until it continues. Only root can remove a lock that a crashed run has left.",
  }));
  if (accounts?.sshAcceptsPasswords === false) {
    findings.push({
      what: "sshd accepts no passwords here: the passwords of shell accounts may work for FTPS, but not for SSH or SFTP",
      next: "Put public keys into the accounts, or allow passwords again: BOA refuses them while /root/.ssh.auth.keys.only.cnf exists.",
    });
  }
  return findings;
}

function shown(text: string): string {
  return `"${printable(text, 60)}"`;
}
