/** A team: several people act for one client, and each sees all of its sites. They share one shell login. */
import { AegirClient, ClientUserBinding, SiteOwnership } from "pulumi-aegir";

const team = new AegirClient("client:webteam", { name: "Web team", internalName: "webteam" });

for (const user of ["alice", "bob"]) {
  new ClientUserBinding(`binding:webteam:${user}`, { client: team.internalName, user });
}

// Erin is new: without createUser, a user who does not exist is an error.
new ClientUserBinding("binding:webteam:erin", {
  client: team.internalName,
  user: "erin",
  createUser: { email: "erin@webteam.example" },
});

for (const site of ["intranet.webteam.example", "www.webteam.example"]) {
  new SiteOwnership(`site:${site}`, { site, client: team.internalName });
}
