/** Breaks of the worker, as a real PHP runs it on a real MariaDB. */
import type { Mutation } from "./Mutation";

const file = "provider/worker/worker.php";
const promises = "test/conformance/phpWorker.test.ts";
const database = "test/drupal/database.test.ts";

export const worker: Mutation[] = [
  {
    name: "bind a stranger of the same name",
    danger: "The reviewer read bob@acme.example, and a bob of another customer is let in.",
    file,
    find: "if (!$created && $args['createUser'] && !$this->same($user->mail, $args['createUser']['mail'])) {",
    replace: "if (FALSE) {",
    caughtBy: {
      file: promises,
      title: "bind no user who has another mail than the one to be made, unless the pair is there already",
    },
  },
  {
    name: "act on half a line",
    danger: "A request that was cut on its way is carried out in part.",
    file,
    find: 'while (($line = fgets(STDIN)) !== FALSE && substr($line, -1) === "\\n") {',
    replace: "while (($line = fgets(STDIN)) !== FALSE) {",
    caughtBy: { file: promises, title: "never acts on half a line" },
  },
  {
    name: "forget the lock",
    danger: "Two deployments write at once, and one of them goes by what the other has changed.",
    file,
    find: "    $this->acquire($lock);\n",
    replace: "",
    caughtBy: { file: promises, title: "keeps writers apart, names its holder, and does not hinder a reader" },
  },
  {
    name: "keep the lock after a refusal",
    danger: "The next writer, of whatever stack, is shut out for as long as this worker lives.",
    file,
    find: "    $this->broken = Database::getConnection()->inTransaction();\n    $this->release($lock);",
    replace: "    $this->broken = Database::getConnection()->inTransaction();",
    caughtBy: { file: promises, title: "is free again after a refusal" },
  },
  {
    name: "drop the compare-and-set",
    danger: "An owner that a person has set a moment ago is overwritten unseen.",
    file,
    find: "if ((int) $site->client !== $args['from']) {",
    replace: "if ((int) $site->client !== $args['from'] && !$site->client) {",
    caughtBy: { file: promises, title: "writes nothing if the owner is not the one expected, and says who it is" },
  },
  {
    name: "skip re-acquiring grants",
    danger: "The old owner goes on seeing the site's tasks in the panel, and the new one does not (trap 26).",
    file,
    find: "    $this->acquireGrants($site->nid);\n",
    replace: "",
    caughtBy: {
      file: promises,
      title: "changes the owner's column, queues one verify, and gives site and tasks to the new owner alone (trap 26)",
    },
  },
  {
    name: "write an owner while a task of the site runs",
    danger: "The task puts the old owner back when it ends, without a word.",
    file,
    find: "    $this->requireNoRunningTask($site, $active);\n",
    replace: "",
    caughtBy: { file: promises, title: "keeps away from a site while a task of it runs, and no longer (trap 11)" },
  },
  {
    name: "give the front end's own site to a client",
    danger: "A client reaches the files of Aegir itself, and with them every site.",
    file,
    find: "if (in_array((int) $site->nid, $this->hostmasterNids(), TRUE)) {",
    replace: "if (in_array($site->title, $this->hostmasterNids(), TRUE)) {",
    caughtBy: { file: promises, title: "never touches the front end's own site" },
  },
  {
    name: "drop a platform's last row",
    danger: "A platform without rows is open to every client (trap 10).",
    file,
    find: "if (!$args['dropPlatforms'] || $platform['clients'] < 2) {",
    replace: "if (!$args['dropPlatforms']) {",
    caughtBy: {
      file: promises,
      title: "drops rows of platforms when told, and never a platform's last one, which would open it to all (trap 10)",
    },
  },
  {
    name: "delete a client that owns sites",
    danger: "Its sites are without an owner, and nobody reaches them (trap 10).",
    file,
    find: "    if ($client['sites']) {\n",
    replace: "    if ($client['sites'] && !$args['dropBindings']) {\n",
    caughtBy: {
      file: promises,
      title: "refuses while the client owns live sites, whatever may be dropped, and lists them (trap 10)",
    },
  },
  {
    name: "go by what was seen before a lock was waited for",
    danger: "A site that the panel gives to a client at this moment is left with an owner that is gone.",
    file,
    find: "    db_query('SELECT nid FROM {hosting_site} WHERE client = :nid FOR UPDATE', array(':nid' => $row->nid))->fetchCol();\n",
    replace: "",
    caughtBy: { file: database, title: "deletes no client that is being given a site, but waits, and refuses" },
  },
  {
    name: "answer a commit that failed as if nothing had been done",
    danger: "A write that the database made all the same is never looked for.",
    file,
    find: "    if ($committing) {\n",
    replace: "    if ($committing && $failure === NULL) {\n",
    caughtBy: {
      file: database,
      title: "by a commit of which it cannot know whether it was done, it has given no answer",
    },
  },
  {
    name: "mail a password that nobody asked to be mailed",
    danger: "A login goes out to an address that was only to be bound.",
    file,
    find: "    if ($welcomeMail) {\n",
    replace: "    if ($welcomeMail !== NULL) {\n",
    caughtBy: { file: database, title: "mails a welcome after the commit, and only to whom it was asked for" },
  },
  {
    name: "put data into SQL",
    danger: "A name reads or writes whatever it likes in the front end's database.",
    file,
    find: "'SELECT nid FROM {hosting_client} WHERE uname = :uname', array(':uname' => $internalName)",
    replace: "\"SELECT nid FROM {hosting_client} WHERE uname = '$internalName'\"",
    caughtBy: { file: "test/worker/worker.test.ts", title: "writes SQL from constants alone; data is bound" },
  },
  {
    name: "save a renamed client as a new revision",
    danger: "Aegir inserts the internal name a second time, and the rename fails or the client is broken (trap 3).",
    file,
    find: "    $node->title = $args['to'];\n    // Never a new revision: it would insert the internal name a second time.\n    $node->revision = FALSE;",
    replace: "    $node->title = $args['to'];\n    $node->revision = TRUE;",
    caughtBy: { file: promises, title: "changes the name and nothing else (traps 3, 4)" },
  },
];
