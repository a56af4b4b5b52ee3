/** The shape of a client in a manifest: its sites, its users, its login. */
import { z } from "zod";
import {
  choice,
  count,
  day,
  domain,
  email,
  flag,
  internalNamePattern,
  keys,
  SPELLED_OUT,
  text,
  uid,
  userName,
} from "./fieldTypes";
import { Owners } from "./OwnersSchema";

const siteDomain = domain("The site's main domain, as the panel shows it; not an alias.");
const siteError = "must be a domain, or a map with site";

export const Site = z
  .strictObject(
    {
      site: siteDomain,
      takeOverFrom: text("the internal name of a client, for example beta")
        .optional()
        .meta({
          description:
            "Internal name of the client that owns the site now and will lose it. Not needed if the site belongs to the " +
            "server's default owner, or moves between two clients of this manifest. You can keep it after the site has moved.",
        }),
      protect: flag("Refuses a change that takes this site away from its client, unless allowRemovals names the site."),
    },
    { error: siteError },
  )
  .meta({ title: "entry of sites" });

export const CreateUser = z
  .strictObject(
    {
      email: email("Mail address of the new user. In Drupal, each user has a different address."),
      welcomeMail: flag("Aegir mails the login and the password to the new user. An existing user gets no mail."),
    },
    { error: "must be a map with email, for example { email: bob@acme.example }" },
  )
  .meta({ title: "createUser map" });

export const userNamesError = "must be a list of user names, for example [alice, bob]";
const userError = "must be the name of a panel user, or a map with name";
const loginName = userName("The name with which the person logs in to the panel, or the person's key under people.");

export const User = z
  .strictObject(
    {
      name: loginName.optional(),
      team: text("the name of a team, for example web").optional().meta({
        description: "A team, in place of name: all people in it may act for the client.",
        minLength: 1,
      }),
      createUser: CreateUser.optional().meta({
        description:
          "Creates the user if no user has this name. Without it, a missing user is an error. Write it in one entry of the " +
          "user. It applies to that user's other clients too. A person under people has email instead.",
      }),
      expectedUid: uid(
        "User id (uid) of the person. Needed only if another person has got this name since it was deployed. The " +
          "deployment then refuses to guess and shows the number to write. Write it in one entry of the user, or under people.",
      ).optional(),
      keys: keys(
        "Public keys of the person, each the line of a .pub file. With them the person logs in to the client's login " +
          "(SSH and SFTP), which needs shellAccount. Write them in one entry of the user, or under people. They apply to that " +
          "user's other clients with shellAccount too.",
      ).optional(),
      expires: day(
        "The last day (UTC) on which this person or team may act for this client. After that day the entry counts as " +
          "absent, and the next deployment removes the access.",
      ).optional(),
      reason: text("a short text, for example TICKET-12, relaunch")
        .optional()
        .meta({ description: "Why this person or team may act for this client. Reviewers see it.", minLength: 1 }),
    },
    { error: userError },
  )
  .meta({ title: "entry of users", oneOf: [{ required: ["name"] }, { required: ["team"] }] });

const shellAccountError = 'must be true, or a map such as { rotation: "2026-07" }';

const rotationError = 'must be text in quotes, for example "2026-07", or a map such as { everyDays: 80 }';

export const RotationByAge = z
  .strictObject(
    {
      everyDays: z
        .number({ error: count("80") })
        .int({ error: count("80") })
        .min(1, { error: count("80") })
        .max(9999, { error: count("80") })
        .meta({
          description:
            "The age in days at which the password is rotated. It must be below the 90 days that a password lasts on BOA.",
        }),
      window: text('a time of day in UTC, for example "02:00-05:00"').optional().meta({
        description:
          "The time of day (UTC) in which a deployment rotates the password, for example `02:00-05:00`. Without it, any deployment does.",
      }),
    },
    { error: rotationError },
  )
  .meta({ title: "rotation map" });

export const ShellAccount = z
  .strictObject(
    {
      rotation: z
        .union([z.string().meta({ minLength: 1 }), RotationByAge], { error: rotationError })
        .optional()
        .meta({
          description:
            "When the password is rotated. A string rotates it once for each new value; a map with everyDays, whenever the " +
            "password reaches that age. BOA rotates a password by deleting the login and creating it again, so its home " +
            "directory and SSH keys are lost. The keys of people (keys) are put back.",
        }),
      rotateOnLeave: flag(
        "Rotates the password when a person leaves this client, because the person may know it. A person whose access has " +
          "expired counts as well.",
      ),
    },
    { error: shellAccountError },
  )
  .meta({ title: "shellAccount map" });

const onDestroyError = "must be default-owner or leave, or a map such as { undeclaredBindings: drop }";

export const OnDestroy = z
  .strictObject(
    {
      sites: choice("default-owner", "leave").meta({
        description:
          "A site of this client that you remove from the manifest goes to the server's default owner (default-owner, the " +
          "default) or stays with the client (leave).",
      }),
      undeclaredSites: choice("refuse", "default-owner").meta({
        description:
          "When you remove the client: if it owns sites that this file does not declare, the client is not deleted (refuse, " +
          "the default), or those sites go to the server's default owner (default-owner).",
      }),
      undeclaredBindings: choice("refuse", "drop").meta({
        description:
          "When you remove the client: if users are bound to it that this file does not declare, the client is not deleted " +
          "(refuse, the default), or they are unbound (drop). The users stay.",
      }),
      platforms: choice("refuse", "default-owner").meta({
        description:
          "When you remove the client: if platforms list it as allowed, the client is not deleted (refuse, the default), or " +
          "it is taken off those lists (default-owner). Where it is the only one listed, the server's default owner " +
          "takes its place, because a platform that lists no client is open to every client.",
      }),
    },
    { error: onDestroyError },
  )
  .meta({ title: "onDestroy map" });

export const Client = z
  .strictObject(
    {
      name: text("the client's title, for example Acme Corp").meta({
        description: `The client's title in the panel, unique in this file. A new title changes no access. ${SPELLED_OUT}`,
        minLength: 1,
      }),
      internalName: text("a short name of a-z, 0-9 and _, for example acme").meta({
        description:
          "The client's internal name: at most 16 characters of a-z, 0-9 and _. Its directory and its login are named after " +
          "it, so another internal name means another client.",
        ...internalNamePattern,
      }),
      renamedFrom: text("the client's former internal name, for example acme")
        .optional()
        .meta({
          description:
            "The internal name that this client had before. The change then counts as a rename, and the client's bindings and " +
            "its login follow. You can keep it after the deployment.",
          ...internalNamePattern,
        }),
      email: email(
        "The panel user with this mail address may act for the client. If there is none, one is created, named like the client.",
      ).optional(),
      welcomeMail: flag("Aegir mails the login and the password to a user that is created for email."),
      sites: z
        .array(z.union([siteDomain, Site], { error: siteError }), {
          error: "must be a list of domains, for example [www.acme.example]",
        })
        .optional()
        .meta({ description: "The sites that this client owns. A site has exactly one owner." }),
      onDestroy: z
        .union([z.enum(["default-owner", "leave"]), OnDestroy], { error: onDestroyError })
        .optional()
        .meta({
          description:
            "What happens to a site of this client that you remove from the manifest: default-owner or leave. As a map, it " +
            "also says what happens to everything else that the client has when you remove the client itself.",
        }),
      users: z
        .array(z.union([loginName, User], { error: userError }), { error: userNamesError })
        .optional()
        .meta({
          description: "The people and teams who may act for this client. They see and manage all of its sites.",
        }),
      shellAccount: z
        .union([z.literal(true), ShellAccount], { error: shellAccountError })
        .optional()
        .meta({
          description:
            "Waits for the client's SSH, SFTP and FTPS login on a BOA server and exports its password. The login reaches the " +
            "files of all sites of the client. BOA creates it for every client that owns a site, whether you declare " +
            "it or not.",
        }),
      protect: flag(
        "Refuses a change that takes a site or a person away from this client, unless allowRemovals names the client. To " +
          "remove or rename the client, first remove protect and deploy that.",
      ),
      owners: Owners.optional().meta({
        description:
          "Who approves changes of this client, in place of the file's owners. `review` names them; CODEOWNERS knows only files.",
      }),
      keepPeople: flag(
        "Refuses a change that takes the last person away from this client, unless allowRemovals names the client.",
      ),
    },
    { error: "must be a map that begins with name, for example name: Acme Corp" },
  )
  .meta({ title: "client" });
