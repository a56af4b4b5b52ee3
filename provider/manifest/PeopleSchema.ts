/** The shape of people and teams, each written once and referred to by name. */
import { z } from "zod";
import { day, email, flag, keys, SPELLED_OUT, text, uid, userName } from "./fieldTypes";

export const Person = z
  .strictObject(
    {
      name: userName(
        "The name with which the person logs in to the panel. Not needed if it is the key of this record.",
      ).optional(),
      email: email(
        "Mail address of the person. With it, the panel user is created if no user has the name. An existing user is never " +
          "edited. In Drupal, each user has a different address.",
      ).optional(),
      welcomeMail: flag(
        "Aegir mails the login and the password to a user that is created. An existing user gets no mail.",
      ),
      expectedUid: uid(
        "User id (uid) of the person. Needed only if another person has got this name since it was deployed. The " +
          "deployment then refuses to guess and shows the number to write.",
      ).optional(),
      keys: keys(
        "Public keys of the person, each the line of a .pub file. With them the person logs in to the logins (SSH and SFTP) " +
          "of those clients with shellAccount that the person may act for.",
      ).optional(),
      external: flag("The person is from outside your organisation."),
      owner: text("a name, for example alice")
        .optional()
        .meta({ description: "Who answers for the person. Only readers use it.", minLength: 1 }),
      ends: day(
        "The last day (UTC) of all access of the person. After that day the person counts as absent everywhere, teams " +
          "included, and the next deployment removes the access.",
      ).optional(),
    },
    { error: "must be a map such as { email: alice@acme.example }" },
  )
  .meta({ title: "person" });

export const People = z
  .record(z.string(), Person, {
    error: "must be a map of people, for example { alice: { email: alice@acme.example } }",
  })
  .meta({
    description:
      "People by the name with which users and teams refer to them. If there are any, all people whom users and teams name " +
      `must be here. ${SPELLED_OUT}`,
  });

const teamError = "must be a list of people and teams, for example [alice, bob]";

export const Teams = z
  .record(z.string(), z.array(text("the name of a person or of a team, for example alice"), { error: teamError }), {
    error: "must be a map of teams, for example { web: [alice, bob] }",
  })
  .meta({
    description:
      "Teams by name, each a list of people and of other teams. A client lists a team as { team: web } in its users, and " +
      "all people in the team may act for it. A name is a person or a team, never both.",
  });
