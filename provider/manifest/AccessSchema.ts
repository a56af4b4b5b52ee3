/**
 * The shape of a manifest: fields, types and descriptions. The JSON Schema for editors is made of it. Rules about values
 * and about entries that concern each other are in accessRules.ts. The `error` of a type continues a sentence that begins
 * with the field's name.
 */
import { z } from "zod";

const text = (error: string) => z.string({ error: `must be ${error}` });

/** Hints for editors only; provider/naming has the rule itself. */
const internalNamePattern = { pattern: "^[a-z0-9_]{1,16}$" };

const domain = (description: string) =>
  text("a domain, for example www.acme.example").meta({ description, minLength: 1 });

const Site = z
  .strictObject(
    {
      site: domain("The site's main domain, as the panel shows it; not an alias."),
      takeOverFrom: text("the internal name of a client, for example beta")
        .optional()
        .meta({
          description:
            "Internal name of the client that owns the site now and loses it. Not needed if the site belongs to the " +
            "server's default owner, or moves between two clients of this manifest. May stay after the site has moved.",
        }),
    },
    { error: "must be a domain, or a map with site" },
  )
  .meta({ title: "entry of sites" });

const email = (description: string) =>
  text("a mail address, for example it@acme.example").meta({ description, format: "email" });

const CreateUser = z
  .strictObject(
    { email: email("Mail address of the new user. Drupal allows an address for one user only.") },
    { error: "must be a map with email, for example { email: bob@acme.example }" },
  )
  .meta({ title: "createUser map" });

const userName = (description: string) =>
  text("the name of a panel user, for example alice").meta({ description, minLength: 1, maxLength: 60 });

const User = z
  .strictObject(
    {
      name: userName("The name that the person logs in to the panel with."),
      createUser: CreateUser.optional().meta({
        description:
          "Makes the user if no user has this name. Without it a missing user is an error. One entry of a user is " +
          "enough; it holds for the other clients of the same user too.",
      }),
    },
    { error: "must be the name of a panel user, or a map with name" },
  )
  .meta({ title: "entry of users" });

const ShellAccount = z
  .strictObject(
    {
      rotation: text('text in quotes, for example "2026-07"')
        .optional()
        .meta({
          description:
            "Any text. Another text means a new password, once. BOA rotates by making the login anew: its home and its " +
            "SSH keys are lost.",
          minLength: 1,
        }),
    },
    { error: 'must be true, or a map such as { rotation: "2026-07" }' },
  )
  .meta({ title: "shellAccount map" });

const Client = z
  .strictObject(
    {
      name: text("the client's title, for example Acme Corp").meta({
        description: "The client's title in the panel, unique in this file. A new title moves nobody's access.",
        minLength: 1,
        maxLength: 100,
      }),
      internalName: text("a short name of a-z, 0-9 and _, for example acme").meta({
        description:
          "The client's internal name: at most 16 characters of a-z, 0-9 and _. Its directory and its login carry it, " +
          "so another one means another client.",
        ...internalNamePattern,
      }),
      email: email(
        "A panel user with this mail address may act for the client. If none exists, one is made, named like the client.",
      ).optional(),
      sites: z
        .array(
          z.union([domain("The site's main domain, as the panel shows it; not an alias."), Site], {
            error: "must be a domain, or a map with site",
          }),
          { error: "must be a list of domains, for example [www.acme.example]" },
        )
        .optional()
        .meta({ description: "The sites that this client owns. A site has exactly one owner." }),
      onDestroy: z
        .enum(["default-owner", "leave"], { error: "must be default-owner or leave" })
        .optional()
        .meta({
          description:
            "What becomes of a site of this client that leaves the manifest: it goes to the server's default owner " +
            "(default-owner, if absent), or stays with the client (leave).",
        }),
      users: z
        .array(
          z.union([userName("The name that the person logs in to the panel with."), User], {
            error: "must be the name of a panel user, or a map with name",
          }),
          { error: "must be a list of user names, for example [alice, bob]" },
        )
        .optional()
        .meta({ description: "The panel users who may act for this client: they see and manage all of its sites." }),
      shellAccount: z
        .union([z.literal(true), ShellAccount], { error: 'must be true, or a map such as { rotation: "2026-07" }' })
        .optional()
        .meta({
          description:
            "Waits for the client's SSH, SFTP and FTPS login on a BOA server and hands out its password. The login " +
            "reaches the files of all sites of the client. BOA makes it for every client that owns a site, declared " +
            "or not.",
        }),
    },
    { error: "must be a map that begins with name, for example name: Acme Corp" },
  )
  .meta({ title: "client" });

export const AccessSchema = z
  .strictObject(
    {
      version: z
        .literal(1, { error: "must be the number 1, the version of the format" })
        .meta({ description: "The version of this format: 1." }),
      server: text("the name of a configured server, for example main")
        .optional()
        .meta({ description: "One of the servers that the stack configures. Not needed if there is only one." }),
      clients: z
        .array(Client, { error: "must be a list of clients, each beginning with - name:" })
        .meta({ description: "Every client whose access this file declares. Others are left alone." }),
    },
    { error: "must be a map with version and clients" },
  )
  .meta({
    title: "manifest",
    description: "Who may reach which Drupal site on an Aegir server.",
  });

/** The maps of the format, by the key whose value or entry they are; the manifest itself by "". */
export const MAPS: ReadonlyMap<string, z.ZodObject> = new Map<string, z.ZodObject>([
  ["", AccessSchema],
  ["clients", Client],
  ["sites", Site],
  ["users", User],
  ["createUser", CreateUser],
  ["shellAccount", ShellAccount],
]);
