/** A large agency's manifest, the same each time: names and numbers as they occur, at any size. */

const trades = [
  "Bakery",
  "Clinic",
  "Law Office",
  "School",
  "Museum",
  "Theatre",
  "Hotel",
  "Winery",
  "Garage",
  "Library",
];
const towns = ["Arden", "Birch", "Cedar", "Dover", "Elm", "Fern", "Grove", "Hazel", "Iris", "Juniper"];
const firstNames = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"];

/** The YAML text: four people a client, each of whom works for one or several. */
export function manyGrants(sites: number, clients: number, users: number): string {
  const perClient = Math.ceil(sites / clients);
  const entries = Array.from({ length: clients }, (_, index) => {
    const id = `client${index}`;
    const name = `${towns[index % 10]} ${trades[Math.floor(index / 10) % 10]} ${index}`;
    const count = Math.min(perClient, sites - index * perClient);
    const domains = Array.from(
      { length: Math.max(count, 0) },
      (_, site) => `${["www", "shop", "blog", "intranet", "jobs"][site % 5]}${site < 5 ? "" : site}.${id}.example`,
    );
    const people = [index, index + clients, index + 2 * clients, index * 13 + 2].map((user) => user % users);
    const names = [...new Set(people)].map((user) => `${firstNames[user % 10]}.${user}`);
    return `  - { name: ${name}, internalName: ${id}, sites: [${domains.join(", ")}], users: [${names.join(", ")}] }\n`;
  });
  return `version: 1\nclients:\n${entries.join("")}`;
}
