/** Imports point one way: resources -> aegir -> worker -> ssh, and nothing below knows what is above. */
const room = (name) => `^provider/${name}/`;
const only = (from, to) => ({
  name: `${from}-imports`,
  severity: "error",
  comment: `provider/${from} may import ${to.join(", ") || "nothing of the package"}`,
  from: { path: room(from) },
  to: { path: "^provider/(?!dist/)", pathNot: [from, ...to].map(room) },
});

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    only("text", []),
    only("naming", ["text"]),
    only("ssh", ["naming", "text"]),
    only("worker", ["ssh", "text"]),
    only("decisions", ["naming", "worker"]),
    only("aegir", ["decisions", "ssh", "worker", "naming", "text"]),
    only("rules", ["naming", "text"]),
    only("manifest", ["rules", "naming", "text"]),
    only("review", ["manifest", "rules", "naming", "text"]),
    only("answers", ["review", "manifest", "naming", "text"]),
    only("inventory", ["decisions", "review", "rules", "aegir", "manifest", "naming", "worker", "text"]),
    only("resources", ["dynamic", "aegir", "decisions", "worker", "naming", "text"]),
    only("stack", ["resources", "review", "manifest", "aegir", "naming", "text"]),
    only("dynamic", ["resources", "aegir", "ssh", "text"]),
    only("cli", ["manifest", "rules", "review", "answers", "inventory", "aegir", "naming", "text"]),
    {
      name: "shim-imports-nothing",
      severity: "error",
      comment: "the serialised shim captures nothing",
      from: { path: "^provider/dynamic/shim\\.ts$" },
      to: { path: "^provider/" },
    },
    {
      name: "package-knows-no-test",
      severity: "error",
      from: { path: "^provider/" },
      to: { path: "^(test|stacks|examples)/" },
    },
    {
      name: "stacks-use-the-door",
      severity: "error",
      comment: "programs import the package by its name, as users do",
      from: { path: "^(stacks|examples)/" },
      to: { path: "^provider/(?!dist/)|^test/" },
    },
    {
      name: "small-aegir-has-one-door",
      severity: "error",
      comment:
        "its users see the server, its seeds and its clock; the double of Drupal shares its disk and BOA's account cron",
      from: { path: "^(test|stacks|examples)/", pathNot: "^test/(aegir|drupal)/" },
      to: { path: "^test/aegir/(?!(SmallAegir|seed|Clock)\\.ts$)" },
    },
    {
      name: "drupal-double-has-one-door",
      severity: "error",
      from: { path: "^(test|stacks|examples)/", pathNot: "^test/drupal/" },
      to: { path: "^test/drupal/(?!DrupalFrontEnd\\.ts$)" },
    },
    {
      name: "small-aegir-knows-no-test",
      severity: "error",
      comment:
        "its own tests and what they share (AegirFixture.ts) may; every server has its keys, its listener and its directory from support",
      from: { path: "^test/aegir/", pathNot: "(\\.test|/AegirFixture)\\.ts$" },
      to: { path: "^test/(?!aegir/|support/(keys|Listener|scratch)\\.ts$)" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules|provider/dist" },
    exclude: { path: "provider/dist" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["types", "require", "default"] },
  },
};
