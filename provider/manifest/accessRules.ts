/**
 * What the values of a manifest mean, and the rules between its entries. Everything here tolerates values of the wrong
 * shape, so that the problems of all entries are found in one go.
 */
import { clientNameKey, clientNameProblems } from "../naming/ClientName";
import { deriveInternalName, internalNameProblems } from "../naming/InternalName";
import { dayProblems, daysBetween, utcDay } from "../naming/Day";
import { mailKey, mailProblems, userNameKey, userNameProblems } from "../naming/PanelUser";
import { quoted } from "../text/quoted";
import { INVISIBLE } from "../text/unsafe";
import { reducedName, shellAccountName, shellAccountNameProblems } from "../naming/ShellAccountName";
import { canonicalName, rawName } from "../naming/SpelledName";
import { normalizeDomain, siteDomainProblems } from "../naming/SiteDomain";
import { closest } from "./closest";
import {
  DEFAULT_REMOVAL_LIMIT,
  type AllowedRemovals,
  type KnownFinding,
  type Manifest,
  type ManifestClient,
  type ManifestSite,
  type ManifestUser,
} from "./Manifest";
import { lacksField } from "./shapeProblems";
import type { ManifestProblemCode } from "./problemCodes";
import type { Report, SourceText, Span } from "./SourceText";
import type { Value } from "./YamlTree";

/** What a server does to names. */
export interface ServerNaming {
  /** The server's `hosting_client_prefix`. */
  clientPrefix?: string;
  /** The Octopus instance, the `o1` of a login `o1.acme`; absent on a plain Aegir. */
  instance?: string;
}

export interface ManifestOptions extends ServerNaming {
  /** The configured servers; the one that the manifest names (or the only one) takes the place of the two above. */
  servers?: Readonly<Record<string, ServerNaming>>;
  /** The day (UTC, `YYYY-MM-DD`) for which the manifest is read; today if absent. What expired before it is absent. */
  asOf?: string;
  /**
   * What is on the main branch may be older than this release: names that could be taken for others are spelled out then,
   * instead of refused, and the former names of keys are accepted.
   */
  deployed?: boolean;
}

/** A grant that ends within so many days is warned of. */
const WARNED_DAYS = 14;
const MAXIMUM_REASON_LENGTH = 200;
/** How far ahead `allowRemovals` may be allowed for. */
const ALLOWED_DAYS = 31;
/** How far ahead a known finding may end. */
const KNOWN_DAYS = 366;

interface Text extends Span {
  text: string;
}

/** A client as far as it could be read. */
interface Draft {
  span: Span;
  /** False only if no site is listed, not even in a field that was misspelt or could not be read. */
  mayOwnSites: boolean;
  name: Text | undefined;
  internalName: Text | undefined;
  lacksInternalName: boolean;
  renamedFrom: Text | undefined;
  protect: boolean;
  keepPeople: Span | undefined;
  email: Text | undefined;
  sites: { site: Text; normalForm: string; takeOverFrom: Text | undefined; protect: boolean }[];
  users: DraftUser[];
  shellAccount: { key: Span; rotation: Text | undefined } | undefined;
  onDestroy: "default-owner" | "leave";
}

interface DraftUser {
  name: Text;
  createUser: Text | undefined;
  expectedUid: number | undefined;
  expires: Text | undefined;
  reason: Text | undefined;
}

/** What one entry of a user says, and then holds for all of them. */
type Person = Pick<ManifestUser, "createUser" | "expectedUid">;

interface DraftFinding {
  span: Span;
  finding: Text | undefined;
  names: string[];
  reason: Text | undefined;
  until: Text | undefined;
}

interface DraftAllowance {
  key: Span;
  until: Text | undefined;
  reason: Text | undefined;
  grants: number;
  clients: Text[];
  sites: Text[];
  users: Text[];
}

/** Reads the tree of a manifest. The result is to be used only if nothing was reported. */
export function readAccess(
  source: SourceText,
  root: Value,
  options: ManifestOptions,
  report: Report,
  warn: Report,
): Omit<Manifest, "warnings"> {
  const server = textOf(root.fields.get("server")?.value);
  const naming = selectServer(root, server, options, report);
  const asOf = options.asOf ?? utcDay();
  const [wrongDay] = dayProblems(asOf);
  if (wrongDay !== undefined) throw new RangeError(`asOf: ${wrongDay}`);
  const drafts = (root.fields.get("clients")?.value.items ?? []).map((client) =>
    draftOf(client, options.deployed ? spelledOutText : (text) => text),
  );
  const allowance = allowanceOf(root);
  const knownFindings = (root.fields.get("knownFindings")?.value.items ?? []).map(knownFindingOf);
  const isConfigured = options.servers !== undefined;
  new AccessRules(drafts, allowance, knownFindings, asOf, source, naming, isConfigured, report, warn).check();
  const people = new Map<string, Person>();
  for (const { name, createUser, expectedUid } of drafts.flatMap(({ users }) => users)) {
    const person = people.get(userNameKey(name.text)) ?? { createUser: undefined, expectedUid: undefined };
    if (createUser) person.createUser = { email: createUser.text };
    person.expectedUid ??= expectedUid;
    people.set(userNameKey(name.text), person);
  }
  const removalLimit = root.fields.get("removalLimit")?.value;
  return {
    server: server?.text,
    asOf,
    removalLimit: {
      percent: numberOf(removalLimit?.fields.get("percent")?.value) ?? DEFAULT_REMOVAL_LIMIT.percent,
      atLeast: numberOf(removalLimit?.fields.get("atLeast")?.value) ?? DEFAULT_REMOVAL_LIMIT.atLeast,
    },
    allowRemovals: allowedRemovals(allowance, asOf),
    knownFindings: knownFindings.map((draft) => knownFinding(source, draft)).sort(by("finding")),
    clients: drafts.map((draft) => clientOf(source, draft, people, asOf)).sort(by("internalName")),
  };
}

class AccessRules {
  private readonly byName = new Map<string, Draft>();

  constructor(
    private readonly drafts: Draft[],
    private readonly allowance: DraftAllowance | undefined,
    private readonly known: DraftFinding[],
    private readonly asOf: string,
    private readonly source: SourceText,
    private readonly naming: ServerNaming,
    /** The server's configuration is known. */
    private readonly isConfigured: boolean,
    private readonly report: Report,
    private readonly warn: Report,
  ) {}

  check(): void {
    for (const draft of this.drafts) this.name(draft);
    this.internalNames();
    this.sites();
    this.bindings();
    this.newUsers();
    this.expectedUids();
    this.shellAccounts();
    this.renames();
    this.ends();
    this.allowedRemovals();
    this.knownFindings();
  }

  private name(draft: Draft): void {
    const { name, email } = draft;
    if (email !== undefined) this.reportAll(email, "invalidMail", mailProblems(email.text));
    if (name === undefined) return;
    this.reportAll(name, "invalidClientName", clientNameProblems(name.text));
    const first = earlier(this.byName, clientNameKey(name.text), draft)?.name;
    if (first !== undefined) {
      this.report(
        name,
        "duplicateClient",
        `Two clients have the name ${quoted(name.text)}, the first on line ${this.line(first)}; capitals do not count. ` +
          "Give one of them another name, or join the two.",
      );
    }
  }

  /** Two clients share neither an internal name nor the login that BOA makes of it. */
  private internalNames(): void {
    const byInternalName = new Map<string, Text>();
    const byLogin = new Map<string, Text>();
    for (const { internalName } of this.drafts) {
      if (internalName === undefined) continue;
      const problems = internalNameProblems(internalName.text, this.naming.clientPrefix, this.shellLogins === true);
      this.reportAll(internalName, "invalidInternalName", problems);
      if (this.shellLogins === undefined && problems.length === 0) {
        for (const problem of shellAccountNameProblems(internalName.text)) {
          const unless = "Where BOA hosts the sites, this is refused. Give --stack or --config, and it is known.";
          this.warn(internalName, "noShellLogin", `${problem} ${unless}`);
        }
      }
      if (problems.length > 0) continue;

      const same = earlier(byInternalName, internalName.text, internalName);
      const sameLogin = earlier(byLogin, reducedName(internalName.text), internalName);
      if (same !== undefined) {
        this.report(
          internalName,
          "duplicateInternalName",
          `The internal name ${quoted(internalName.text)} is that of the client on line ${this.line(same)} already. ` +
            "Write another internalName, or join the two clients.",
        );
      } else if (sameLogin !== undefined) {
        const login = shellAccountName(this.naming.instance ?? "", internalName.text);
        this.report(
          internalName,
          "duplicateLogin",
          `The internal name ${quoted(internalName.text)} gives the same login ${quoted(login)} as ${quoted(sameLogin.text)} on line ${this.line(sameLogin)}, ` +
            "because logins have no underscores: each client's people would reach the other's files. Write another internalName.",
        );
      }
    }
    for (const { name, lacksInternalName } of this.drafts) {
      if (lacksInternalName && name !== undefined) this.missingInternalName(name, byLogin);
    }
  }

  /** Nothing is derived silently: a new title would be another client, and would cost the old one's people their access. */
  private missingInternalName(name: Text, byLogin: Map<string, Text>): void {
    const derived = deriveInternalName(rawName(name.text), this.naming.clientPrefix);
    const problems = internalNameProblems(derived, this.naming.clientPrefix, this.shellLogins !== false);
    const taken = problems.length === 0 ? earlier(byLogin, reducedName(derived), name) : undefined;
    if (taken !== undefined) {
      problems.push(`The client on line ${this.line(taken)} would share the login with ${quoted(derived)}.`);
    }
    this.report(
      name,
      "missingKey",
      problems.length === 0
        ? `internalName is missing in this client. Write the line internalName: ${derived}, or the one that the panel shows if the client exists already.`
        : `internalName is missing in this client, and the name ${quoted(name.text)} gives no usable one. ${problems.join(" ")} ` +
            "Choose one, and write it in a line internalName: of this client.",
    );
  }

  /** Whether the server makes shell logins, as BOA does; undefined if no configuration says so. */
  private get shellLogins(): boolean | undefined {
    return this.isConfigured || this.naming.instance !== undefined ? this.naming.instance !== undefined : undefined;
  }

  /** One owner for each site; whom a site may be taken from. */
  private sites(): void {
    const owners = new Map<string, { site: Text; draft: Draft }>();
    for (const draft of this.drafts) {
      for (const { site, normalForm, takeOverFrom } of draft.sites) {
        if (takeOverFrom !== undefined) this.takeOverFrom(takeOverFrom, draft);
        const problems = siteDomainProblems(site.text);
        this.reportAll(site, "invalidDomain", problems);
        if (problems.length > 0) continue;
        const first = earlier(owners, normalForm, { site, draft });
        if (first === undefined) continue;
        const spelling = first.site.text === site.text ? "" : ` (there ${quoted(first.site.text)})`;
        this.report(
          site,
          first.draft === draft ? "duplicateSite" : "siteWithTwoOwners",
          first.draft === draft
            ? `The site ${quoted(site.text)} is listed twice in this client, first on line ${this.line(first.site)}${spelling}. Delete one of the two.`
            : `The site ${quoted(site.text)} has two owners: the ${titleOf(first.draft)} on line ${this.line(first.site)}${spelling} and the ${titleOf(draft)} here. ` +
                "A site belongs to exactly one client. Delete one of the two.",
        );
      }
    }
    for (const [domain, { site }] of owners) {
      const bare = domain.startsWith("www.") ? owners.get(domain.slice(4)) : undefined;
      if (bare === undefined) continue;
      this.warn(
        site,
        "perhapsAnAlias",
        `${quoted(site.text)} and ${quoted(bare.site.text)} on line ${this.line(bare.site)} are often one site and its alias, and an alias has no owner. ` +
          "If the panel shows only one of them as a site, delete the other.",
      );
    }
  }

  private takeOverFrom(loser: Text, draft: Draft): void {
    if (loser.text === draft.internalName?.text) {
      this.report(
        loser,
        "takeOverFromItself",
        `takeOverFrom names this client itself. Write the internal name of the client that loses the site, or delete it.`,
      );
    } else if (!/^[a-z0-9_.-]+$/.test(loser.text)) {
      const named = this.byName.get(clientNameKey(loser.text));
      const instead = named?.internalName?.text ?? deriveInternalName(rawName(loser.text), this.naming.clientPrefix);
      this.report(
        loser,
        "invalidInternalName",
        `takeOverFrom must be an internal name, but is ${quoted(loser.text)}. ` +
          (instead
            ? `Write ${quoted(instead)} if that client is meant.`
            : "Write the internal name as the panel shows it."),
      );
    }
  }

  /** A person is bound to a client once, and spelt in one way. */
  private bindings(): void {
    const spellings = new Map<string, Text>();
    for (const { users } of this.drafts) {
      const bound = new Map<string, Text>();
      for (const { name } of users) {
        const problems = userNameProblems(name.text);
        this.reportAll(name, "invalidUserName", problems);
        if (problems.length > 0) continue;
        const twice = earlier(bound, userNameKey(name.text), name);
        const before = earlier(spellings, userNameKey(name.text), name);
        if (twice !== undefined) {
          this.report(
            name,
            "duplicateUser",
            `The user ${quoted(name.text)} is listed twice in this client, first on line ${this.line(twice)}; capitals do not count. Delete one of the two.`,
          );
        } else if (before !== undefined && before.text !== name.text) {
          this.report(
            name,
            "userSpelledTwoWays",
            `${quoted(name.text)} and ${quoted(before.text)} on line ${this.line(before)} are one user to Drupal. ` +
              "Write the name in both places as the panel shows it.",
          );
        }
      }
    }
  }

  /** A name means one person, whichever entry says which. */
  private expectedUids(): void {
    const first = new Map<string, DraftUser>();
    for (const user of this.drafts.flatMap((draft) => draft.users)) {
      if (user.expectedUid === undefined) continue;
      const other = earlier(first, userNameKey(user.name.text), user);
      if (other === undefined || other.expectedUid === user.expectedUid) continue;
      this.report(
        user.name,
        "conflictingUids",
        `The user ${quoted(user.name.text)} is expected to have uid ${user.expectedUid} here and uid ${other.expectedUid} on line ${this.line(other.name)}. ` +
          "Write one number, in one of the two places.",
      );
    }
  }

  /** A user that is to be made has one mail address, and nobody else is made with it. */
  private newUsers(): void {
    const mails = new Map<string, Text>();
    const users = new Map<string, { mail: Text; name: Text }>();
    const clients = new Map(this.drafts.flatMap(({ email }) => (email ? [[mailKey(email.text), email] as const] : [])));
    for (const { name, createUser } of this.drafts.flatMap((draft) => draft.users)) {
      if (createUser === undefined) continue;
      const problems = mailProblems(createUser.text);
      this.reportAll(createUser, "invalidMail", problems);
      if (problems.length > 0) continue;

      const mail = mailKey(createUser.text);
      const other = earlier(mails, userNameKey(name.text), createUser);
      const sharing = earlier(users, mail, { mail: createUser, name });
      const client = clients.get(mail);
      if (other !== undefined && mailKey(other.text) !== mail) {
        this.report(
          createUser,
          "conflictingMails",
          `The user ${quoted(name.text)} would be made with ${quoted(createUser.text)} here and with ${quoted(other.text)} on line ${this.line(other)}. ` +
            "Write one address, in one of the two places.",
        );
      } else if (sharing !== undefined && userNameKey(sharing.name.text) !== userNameKey(name.text)) {
        this.report(
          createUser,
          "sharedMail",
          `The users ${quoted(name.text)} and ${quoted(sharing.name.text)} on line ${this.line(sharing.mail)} would be made with one mail address, which Drupal does not allow. ` +
            "Give each an address of its own.",
        );
      } else if (client !== undefined) {
        this.report(
          createUser,
          "sharedMail",
          `${quoted(createUser.text)} is also the email of the client on line ${this.line(client)}, and one of the two would find the address taken. ` +
            "Delete the client's email; the user listed here is enough.",
        );
      }
    }
  }

  private shellAccounts(): void {
    for (const draft of this.drafts) {
      if (draft.shellAccount === undefined) continue;
      const { key, rotation } = draft.shellAccount;
      if (!draft.mayOwnSites) {
        this.report(
          key,
          "loginWithoutSites",
          `The ${titleOf(draft)} owns no site here, and BOA makes a login only for a client that owns one: the deployment would wait in vain. ` +
            "Add the client's sites, or delete shellAccount.",
        );
      }
      if (rotation !== undefined && (rotation.text.trim() === "" || INVISIBLE.test(rotation.text))) {
        this.report(
          rotation,
          "invalidText",
          `rotation must be visible text, but is ${quoted(rotation.text)}. Write for example "2026-07".`,
        );
      }
    }
  }

  /** A former name is that of one client, and of none that is declared. */
  private renames(): void {
    const declared = new Map(
      this.drafts.flatMap(({ internalName }) => (internalName ? [[internalName.text, internalName]] : [])),
    );
    const renamed = new Map<string, Text>();
    for (const { renamedFrom, internalName } of this.drafts) {
      if (renamedFrom === undefined) continue;
      const present = declared.get(renamedFrom.text);
      const twice = earlier(renamed, renamedFrom.text, renamedFrom);
      if (renamedFrom.text === internalName?.text) {
        this.report(
          renamedFrom,
          "renamedToItself",
          "renamedFrom is this client's present internal name. Write the former one, or delete it.",
        );
      } else if (present !== undefined) {
        this.report(
          renamedFrom,
          "formerNameInUse",
          `renamedFrom names ${quoted(renamedFrom.text)}, which the client on line ${this.line(present)} still is. ` +
            "One client cannot become two: delete renamedFrom, or that client.",
        );
      } else if (twice !== undefined) {
        this.report(
          renamedFrom,
          "duplicateFormerName",
          `renamedFrom names ${quoted(renamedFrom.text)}, and so does the client on line ${this.line(twice)}. ` +
            "One client cannot become two: delete one of the two lines.",
        );
      } else if (!/^[a-z0-9_]{1,16}$/.test(renamedFrom.text)) {
        this.report(
          renamedFrom,
          "invalidInternalName",
          `renamedFrom must be an internal name, but is ${quoted(renamedFrom.text)}. Write at most 16 characters of a-z, 0-9 and _, as the panel showed it.`,
        );
      }
    }
  }

  /** When grants end, and why they were made; who is warned of it. */
  private ends(): void {
    for (const draft of this.drafts) {
      for (const { name, expires, reason } of draft.users) {
        if (reason !== undefined) this.visible("reason", reason, "TICKET-12, relaunch");
        if (expires === undefined) continue;
        const days = this.daysTo("expires", expires);
        if (days === undefined) continue;
        const who = `${quoted(name.text)} ${days < 0 ? "could" : "can"} act for the ${titleOf(draft)}`;
        if (days < 0) {
          this.warn(
            expires,
            "expired",
            `${who} until ${expires.text}, and no longer. Delete the entry, or write a later day.`,
          );
        } else if (days <= WARNED_DAYS) {
          const left = days === 0 ? "today is the last day" : days === 1 ? "1 day is left" : `${days} days are left`;
          this.warn(
            expires,
            "expiresSoon",
            `${who} until ${expires.text}: ${left}. Write a later day if the access is to stay.`,
          );
        }
      }
      if (draft.keepPeople && draft.email === undefined && !draft.users.some((user) => !hasEnded(user, this.asOf))) {
        this.warn(
          draft.keepPeople,
          "noPersonToKeep",
          `The ${titleOf(draft)} is to keep a person (keepPeople), but has none now. List one, or delete keepPeople.`,
        );
      }
    }
  }

  /** Days from asOf to the day that is written there, negative if it is past; undefined, and reported, if that is not a day. */
  private daysTo(field: string, day: Text): number | undefined {
    const problems = dayProblems(day.text);
    this.reportAll(
      day,
      "invalidDay",
      problems.map((problem) => `${field}: ${problem}`),
    );
    return problems.length > 0 ? undefined : daysBetween(this.asOf, day.text);
  }

  private allowedRemovals(): void {
    if (this.allowance === undefined) return;
    const { key, until, reason, grants, clients, sites, users } = this.allowance;
    if (reason !== undefined) this.visible("reason", reason, "TICKET-12, the customer leaves");
    for (const site of sites) this.reportAll(site, "invalidDomain", siteDomainProblems(site.text));
    for (const client of clients) {
      if (/^[a-z0-9_]{1,16}$/.test(client.text)) continue;
      this.report(
        client,
        "invalidInternalName",
        `allowRemovals names clients by their internal names, and ${quoted(client.text)} is none.`,
      );
    }
    for (const user of users)
      this.reportAll(user, "invalidUserName", user.text.includes("@") ? [] : userNameProblems(user.text));
    if (grants === 0 && clients.length + sites.length + users.length === 0) {
      this.report(
        key,
        "allowsNothing",
        "allowRemovals allows nothing. Write grants, clients, sites or users, as the refusal shows them, or delete it.",
      );
    }
    if (until === undefined) return;
    const days = this.daysTo("until", until);
    if (days === undefined) return;
    if (days > ALLOWED_DAYS) {
      this.report(
        until,
        "tooFarAhead",
        `allowRemovals may hold for ${ALLOWED_DAYS} days at most, and until ${until.text} there are ${days}. Write an earlier day.`,
      );
    } else if (days < 0) {
      this.warn(
        key,
        "allowanceEnded",
        `allowRemovals has ended on ${until.text} and allows nothing any more. Delete it.`,
      );
    }
  }

  private knownFindings(): void {
    const seen = new Map<string, Text>();
    for (const { finding, reason, until } of this.known) {
      if (reason !== undefined) this.visible("reason", reason, "TICKET-12, moves in spring");
      const first = finding && earlier(seen, finding.text, finding);
      if (finding && first !== undefined) {
        this.report(
          finding,
          "duplicateFinding",
          `The finding ${quoted(finding.text)} is listed twice, first on line ${this.line(first)}. Delete one of the two.`,
        );
      }
      const days = until && this.daysTo("until", until);
      if (until === undefined || days === undefined) continue;
      if (days > KNOWN_DAYS) {
        this.report(
          until,
          "tooFarAhead",
          `A known finding may stay so for ${KNOWN_DAYS} days at most, and until ${until.text} there are ${days}. Write an earlier day.`,
        );
      } else if (days < 0) {
        this.warn(
          until,
          "knownFindingEnded",
          `This known finding has ended on ${until.text}, and \`audit\` alarms again. Fix it, or write a later day.`,
        );
      }
    }
  }

  private visible(field: string, { text, ...span }: Text, example: string): void {
    if (text.trim() !== "" && !INVISIBLE.test(text) && text.length <= MAXIMUM_REASON_LENGTH) return;
    this.report(
      span,
      "invalidText",
      `${field} must be visible text on one line, of at most ${MAXIMUM_REASON_LENGTH} characters, but is ${quoted(text)}. Write for example ${quoted(example)}.`,
    );
  }

  private reportAll(span: Span, code: ManifestProblemCode, messages: string[]): void {
    for (const message of messages) this.report(span, code, message);
  }

  private line(span: Span): number {
    return this.source.position(span.start).line;
  }
}

function selectServer(root: Value, server: Text | undefined, options: ManifestOptions, report: Report): ServerNaming {
  const { servers } = options;
  if (servers === undefined) return options;
  const names = Object.keys(servers);
  const configured = `The stack configures ${names.join(", ") || "none"}.`;
  if (server === undefined) {
    if (names.length !== 1 && !root.fields.has("server")) {
      report(
        { start: root.start, end: root.start },
        "missingServer",
        `server is missing. Write the name of the configured server. ${configured}`,
      );
    }
    return servers[names[0] ?? ""] ?? {};
  }
  if (!names.includes(server.text)) {
    const meant = closest(server.text, names);
    report(
      server,
      "unknownServer",
      `No server ${quoted(server.text)} is configured.${meant ? ` Did you mean ${meant}?` : ""} ${configured}`,
    );
  }
  return servers[server.text] ?? {};
}

/** @param read how names are read */
function draftOf(span: Value, read: (name: Text | undefined) => Text | undefined): Draft {
  const field = (key: string) => span.fields.get(key)?.value;
  const name = read(textOf(field("name")));
  const sites = field("sites");
  const shellAccount = span.fields.get("shellAccount");
  return {
    span,
    mayOwnSites: !lacksField(span, "clients", "sites") && !(Array.isArray(sites?.plain) && sites.items.length === 0),
    name,
    internalName: textOf(field("internalName")),
    lacksInternalName: lacksField(span, "clients", "internalName"),
    renamedFrom: textOf(field("renamedFrom")),
    protect: field("protect")?.plain === true,
    keepPeople: field("keepPeople")?.plain === true ? span.fields.get("keepPeople")?.key : undefined,
    email: textOf(field("email")),
    sites: (sites?.items ?? []).flatMap((entry) => {
      const site = textOf(entry) ?? textOf(entry.fields.get("site")?.value);
      const takeOverFrom = textOf(entry.fields.get("takeOverFrom")?.value);
      const protect = entry.fields.get("protect")?.value.plain === true;
      return site ? [{ site, normalForm: normalizeDomain(site.text), takeOverFrom, protect }] : [];
    }),
    users: (field("users")?.items ?? []).flatMap((entry) => {
      const user = read(textOf(entry) ?? textOf(entry.fields.get("name")?.value));
      const createUser = textOf(entry.fields.get("createUser")?.value.fields.get("email")?.value);
      const expectedUid = numberOf(entry.fields.get("expectedUid")?.value);
      const expires = textOf(entry.fields.get("expires")?.value);
      const reason = textOf(entry.fields.get("reason")?.value);
      return user ? [{ name: user, createUser, expectedUid, expires, reason }] : [];
    }),
    shellAccount: shellAccount && {
      key: shellAccount.key,
      rotation: textOf(shellAccount.value.fields.get("rotation")?.value),
    },
    onDestroy: field("onDestroy")?.plain === "leave" ? "leave" : "default-owner",
  };
}

function spelledOutText(name: Text | undefined): Text | undefined {
  return name && { ...name, text: canonicalName(name.text) };
}

function allowanceOf(root: Value): DraftAllowance | undefined {
  const entry = root.fields.get("allowRemovals");
  if (entry === undefined) return undefined;
  const field = (name: string) => entry.value.fields.get(name)?.value;
  const texts = (name: string) => (field(name)?.items ?? []).flatMap((item) => textOf(item) ?? []);
  return {
    key: entry.key,
    until: textOf(field("until")),
    reason: textOf(field("reason")),
    grants: numberOf(field("grants")) ?? 0,
    clients: texts("clients"),
    sites: texts("sites"),
    users: texts("users"),
  };
}

function knownFindingOf(span: Value): DraftFinding {
  const field = (name: string) => span.fields.get(name)?.value;
  const names = (field("names")?.items ?? []).flatMap((item) => textOf(item)?.text ?? []);
  return {
    span,
    finding: textOf(field("finding")),
    names,
    reason: textOf(field("reason")),
    until: textOf(field("until")),
  };
}

function knownFinding(source: SourceText, { span, finding, names, reason, until }: DraftFinding): KnownFinding {
  return {
    finding: finding?.text ?? "",
    names,
    reason: reason?.text ?? "",
    until: until?.text ?? "",
    ...source.position(span.start),
  };
}

function allowedRemovals(draft: DraftAllowance | undefined, asOf: string): AllowedRemovals | undefined {
  if (draft?.until === undefined || draft.until.text < asOf) return undefined;
  const { until, reason, grants, clients, sites, users } = draft;
  return {
    until: until.text,
    reason: reason?.text ?? "",
    grants,
    clients: clients.map(({ text }) => text),
    sites: sites.map(({ text }) => normalizeDomain(text)),
    users: users.map(({ text }) => canonicalName(text)),
  };
}

/** Days compare as texts; the last day still counts. */
function hasEnded({ expires }: DraftUser, asOf: string): boolean {
  return expires !== undefined && expires.text < asOf;
}

function clientOf(source: SourceText, draft: Draft, people: Map<string, Person>, asOf: string): ManifestClient {
  const { name, internalName, renamedFrom, email, sites, users, shellAccount, onDestroy, span } = draft;
  const userOf = ({ name, expires, reason }: DraftUser): ManifestUser => ({
    name: name.text,
    key: canonicalName(userNameKey(name.text)),
    ...people.get(userNameKey(name.text))!,
    expires: expires?.text,
    reason: reason?.text,
    ...source.position(name.start),
  });
  return {
    name: name?.text ?? "",
    internalName: internalName?.text ?? "",
    renamedFrom: renamedFrom?.text,
    protect: draft.protect,
    keepPeople: draft.keepPeople !== undefined,
    email: email?.text,
    sites: sites
      .map(({ site, normalForm, takeOverFrom, protect }): ManifestSite => {
        return { site: normalForm, takeOverFrom: takeOverFrom?.text, protect, ...source.position(site.start) };
      })
      .sort(by("site")),
    onDestroy,
    users: users
      .filter((user) => !hasEnded(user, asOf))
      .map(userOf)
      .sort(by("name")),
    expired: users
      .filter((user) => hasEnded(user, asOf))
      .map(userOf)
      .sort(by("name")),
    shellAccount: shellAccount && { rotation: shellAccount.rotation?.text },
    ...source.position((name ?? span).start),
  };
}

function titleOf({ name, internalName }: Draft): string {
  return `client ${quoted(name?.text ?? internalName?.text ?? "without a name")}`;
}

function numberOf(value: Value | undefined): number | undefined {
  return typeof value?.plain === "number" ? value.plain : undefined;
}

function textOf(value: Value | undefined): Text | undefined {
  return typeof value?.plain === "string" ? { start: value.start, end: value.end, text: value.plain } : undefined;
}

/** What was entered under the key before; enters the item if nothing was. */
function earlier<T>(seen: Map<string, T>, key: string, item: T): T | undefined {
  const first = seen.get(key);
  if (first === undefined) seen.set(key, item);
  return first;
}

/** By code units, so that the order depends on no locale. */
function by<K extends string>(key: K): (left: Record<K, string>, right: Record<K, string>) => number {
  return (left, right) => (left[key] < right[key] ? -1 : left[key] > right[key] ? 1 : 0);
}
