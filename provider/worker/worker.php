<?php
/**
 * @file
 * The worker: runs inside Drush 8 on an Aegir 3 front end (Drupal 7) and answers the requests of PROTOCOL.md.
 *
 * It is sent over standard input and evaluated without its opening tag; nothing of it is stored on the server. Syntax
 * of PHP 5.6 to 8.3. Data of a request reaches the database as bound parameters only.
 */

/**
 * A worker's answer that it did not do what was asked; thrown before anything is committed.
 */
class AegirAccessRefusal extends Exception {

  /**
   * The error code of protocol.ts.
   */
  public $error;

  /**
   * Facts for the caller to branch on.
   */
  public $detail;

  /**
   * Whether the worker ends after this answer.
   */
  public $fatal;

  public function __construct($error, $message, array $detail = array(), $fatal = FALSE) {
    parent::__construct($message);
    $this->error = $error;
    $this->detail = $detail;
    $this->fatal = $fatal;
  }

}

/**
 * A commit whose outcome is not known. It is not answered: the caller treats a missing answer as "unknown".
 */
class AegirAccessUncertain extends Exception {}

/**
 * One session: requests from standard input, one after the other, answers to standard output.
 */
class AegirAccessWorker {

  const PROTOCOL = 1;

  /**
   * How long a write waits for the database lock, and for a row lock that somebody else holds.
   */
  const LOCK_SECONDS = 10;
  const ROW_LOCK_SECONDS = 15;

  /**
   * A task in processing for longer was killed: the queue does not count it (hosting_task_count_running()).
   */
  const DEAD_TASK_SECONDS = 28800;
  /** A running task without a process is dead once its start is so long ago. */
  const STARTING_SECONDS = 60;
  /** Longer than any task runs, where its process cannot be seen. */
  const LONG_TASK_SECONDS = 7200;
  /** Above it, BOA runs neither tasks nor its account cron. */
  const FULL_PERCENT = 90;

  const LOG_LINES = 5;
  const LOG_CHARACTERS = 500;

  /**
   * Values of one IN list; keeps an inventory of 10,000 sites at a handful of queries.
   */
  const IN_VALUES = 2000;

  /**
   * Queued tasks of one answer whose places are counted one by one; for more, the order of the queue is read.
   */
  const COUNTED_PLACES = 3;

  /**
   * Domains of one answer whose links are looked up one by one; for more, the client directories are read.
   */
  const PROBED_DOMAINS = 3;

  /**
   * Clients, and tasks of nodes that are there, each by its current revision.
   */
  const CLIENTS = "SELECT n.nid, n.title, c.uname FROM {node} n INNER JOIN {hosting_client} c ON c.vid = n.vid WHERE n.type = 'client'";
  const TASKS = 'SELECT t.nid, t.vid, t.rid, t.task_type, t.task_status, t.executed, n.changed FROM {hosting_task} t INNER JOIN {node} n ON n.vid = t.vid WHERE t.rid > 0';

  /**
   * Every verb with its arguments: names as in protocol.ts, types as gettype() calls them, "?" where null is allowed.
   */
  private static $verbs = array(
    'hello' => array('write' => FALSE, 'args' => array('protocol' => 'integer', 'marker' => 'string')),
    'inventory' => array('write' => FALSE, 'args' => array()),
    'client' => array('write' => FALSE, 'args' => array('internalName' => 'string', 'name?' => 'string')),
    'site' => array('write' => FALSE, 'args' => array('site' => 'string')),
    'user' => array('write' => FALSE, 'args' => array('uid?' => 'integer', 'name?' => 'string', 'mail?' => 'string')),
    'tasks' => array('write' => FALSE, 'args' => array('nids' => 'integers')),
    'createClient' => array(
      'write' => TRUE,
      'args' => array(
        'internalName' => 'string',
        'name' => 'string',
        'user?' => array('name' => 'string', 'mail' => 'string', 'welcomeMail' => 'boolean'),
      ),
    ),
    'renameClient' => array(
      'write' => TRUE,
      'args' => array('internalName' => 'string', 'nid?' => 'integer', 'from' => 'string', 'to' => 'string'),
    ),
    'deleteClient' => array(
      'write' => TRUE,
      'args' => array('internalName' => 'string', 'nid?' => 'integer', 'dropBindings' => 'boolean', 'dropPlatforms' => 'boolean'),
    ),
    'ensureUser' => array(
      'write' => TRUE,
      'args' => array(
        'client' => 'string',
        'user' => array('name' => 'string', 'mail' => 'string', 'welcomeMail' => 'boolean'),
      ),
    ),
    'setOwner' => array('write' => TRUE, 'args' => array('nid' => 'integer', 'from' => 'integer', 'to?' => 'string', 'toNid?' => 'integer')),
    'queueVerify' => array('write' => TRUE, 'args' => array('nid' => 'integer')),
    'bind' => array(
      'write' => TRUE,
      'args' => array(
        'client' => 'string',
        'clientNid?' => 'integer',
        'user' => 'string',
        'uid?' => 'integer',
        'createUser?' => array('mail' => 'string', 'welcomeMail' => 'boolean'),
      ),
    ),
    'unbind' => array(
      'write' => TRUE,
      'args' => array('client' => 'string', 'clientNid?' => 'integer', 'uid?' => 'integer', 'user?' => 'string'),
    ),
  );

  /**
   * The text that begins every answer; NULL before hello.
   */
  private $marker;

  private $lastId = 0;

  /**
   * The variables that settings.php sets, which the database must not override; NULL before hello has succeeded.
   */
  private $settings;

  private $clientsDirectory;

  /**
   * Whether a failed write has left Drupal's idea of its transaction behind, so that no other may follow.
   */
  private $broken = FALSE;

  /**
   * The user to be mailed once the transaction is committed: uid and password, or NULL.
   */
  private $welcome;

  public function run() {
    while (($line = fgets(STDIN)) !== FALSE && substr($line, -1) === "\n") {
      if (!$this->answer($line)) {
        return;
      }
    }
  }

  /**
   * Carries out one request line and writes its answer.
   *
   * @return bool
   *   Whether the session goes on.
   */
  private function answer($line) {
    $request = json_decode($line, TRUE);
    $id = is_array($request) && isset($request['id']) && is_int($request['id']) ? $request['id'] : 0;
    // What Drupal or a module prints is not part of an answer.
    $level = ob_get_level();
    ob_start();
    try {
      $body = array('ok' => TRUE, 'result' => $this->result($request));
    }
    catch (AegirAccessUncertain $uncertain) {
      return FALSE;
    }
    catch (Exception $exception) {
      $body = $this->failure($exception);
    }
    catch (Throwable $throwable) {
      $body = $this->failure($throwable);
    }
    while (ob_get_level() > $level) {
      ob_end_clean();
    }
    if (function_exists('drupal_get_messages')) {
      drupal_get_messages();
    }
    return $this->marker !== NULL && $this->write(array('id' => $id, 'now' => time()) + $body) && empty($body['error']['fatal']);
  }

  /**
   * Writes one framed answer, whole.
   */
  private function write(array $answer) {
    $json = json_encode($answer, JSON_UNESCAPED_SLASHES);
    if ($json === FALSE) {
      // Bytes that are not UTF-8, for example the name of a file.
      array_walk_recursive($answer, array($this, 'cleanBytes'));
      $json = json_encode($answer, JSON_UNESCAPED_SLASHES);
    }
    if ($json === FALSE) {
      return FALSE;
    }
    $frame = "\n" . $this->marker . ' ' . strlen($json) . ' ' . $json . "\n";
    while ($frame !== '') {
      $written = fwrite(STDOUT, $frame);
      if (!$written) {
        return FALSE;
      }
      $frame = (string) substr($frame, $written);
    }
    return fflush(STDOUT);
  }

  private function cleanBytes(&$value) {
    if (is_string($value) && !preg_match('//u', $value)) {
      $value = preg_replace('/[^\x20-\x7e]/', '?', $value);
    }
  }

  /**
   * The body of an error answer.
   */
  private function failure($throwable) {
    if ($throwable instanceof AegirAccessRefusal) {
      $code = $throwable->error;
      $message = $throwable->getMessage();
      $detail = $throwable->detail;
      $fatal = $throwable->fatal;
    }
    else {
      $number = $this->databaseError($throwable);
      // Deadlock, lock wait timeout, the savepoint that a deadlock has swept away inside a nested transaction, and a row
      // changed since the first read (innodb_snapshot_isolation, MariaDB's default from 11.6.2 on).
      $deadlock = in_array($number, array(1213, 1205, 1305, 1020));
      // The server is gone, shuts down, or has closed this connection.
      $lost = in_array($number, array(1053, 1927, 2002, 2003, 2006, 2013, 4031));
      // Text that the column cannot hold: too long, or outside the character set of the table.
      $unstorable = in_array($number, array(1366, 1406));
      $code = $deadlock ? 'deadlock' : ($unstorable ? 'refused' : 'internal');
      $message = get_class($throwable) . ' at ' . basename($throwable->getFile()) . ':' . $throwable->getLine() . ': ' . $throwable->getMessage();
      if ($deadlock) {
        $message = "The database gave this transaction up in favour of another one. $message";
      }
      elseif ($unstorable) {
        $message = "The database cannot store this text. $message";
      }
      $detail = $code === 'internal' ? array('reason' => $lost ? 'database' : 'exception') : array();
      // Without hello's facts the worker cannot go on.
      $fatal = $lost || $this->broken || $this->settings === NULL;
    }
    return array(
      'ok' => FALSE,
      'error' => array('code' => $code, 'message' => $message, 'detail' => (object) $detail, 'fatal' => $fatal),
    );
  }

  /**
   * MySQL's number of the error, 0 if it is none.
   */
  private function databaseError($throwable) {
    return $throwable instanceof PDOException && isset($throwable->errorInfo[1]) ? (int) $throwable->errorInfo[1] : 0;
  }

  private function result($request) {
    if (!is_array($request) || !isset($request['id'], $request['verb']) || !is_int($request['id']) || !is_string($request['verb'])) {
      throw new AegirAccessRefusal('protocol', 'The request is not a JSON object with an id and a verb.', array(), TRUE);
    }
    if ($request['id'] <= $this->lastId) {
      throw new AegirAccessRefusal('protocol', "The id {$request['id']} does not follow {$this->lastId}.", array(), TRUE);
    }
    $this->lastId = $request['id'];
    $verb = $request['verb'];
    if (!isset(self::$verbs[$verb])) {
      throw new AegirAccessRefusal('protocol', "The verb \"$verb\" is not known.");
    }
    if (($verb === 'hello') !== ($this->marker === NULL)) {
      throw new AegirAccessRefusal('protocol', 'hello is the first request, and only the first.', array(), TRUE);
    }
    $args = $this->checked(self::$verbs[$verb]['args'], isset($request['args']) ? $request['args'] : NULL, 'args');
    if ($verb === 'hello') {
      return $this->hello($args);
    }
    $this->reset();
    return self::$verbs[$verb]['write'] ? $this->transact($verb, $args) : $this->$verb($args);
  }

  /**
   * The arguments that a verb asks for, of the types it asks for.
   */
  private function checked(array $types, $value, $path) {
    if (!is_array($value)) {
      throw new AegirAccessRefusal('protocol', "$path is not an object.");
    }
    $checked = array();
    foreach ($types as $name => $type) {
      $nullable = substr($name, -1) === '?';
      $name = rtrim($name, '?');
      $given = isset($value[$name]) ? $value[$name] : NULL;
      if ($given === NULL && $nullable) {
        $checked[$name] = NULL;
      }
      elseif (is_array($type)) {
        $checked[$name] = $this->checked($type, $given, "$path.$name");
      }
      elseif ($type === 'integers' ? is_array($given) && $given === array_filter($given, 'is_int') : gettype($given) === $type) {
        $checked[$name] = $given;
      }
      else {
        throw new AegirAccessRefusal('protocol', "$path.$name is not of type $type.");
      }
    }
    return $checked;
  }

  private function hello(array $args) {
    if (!preg_match('/^[0-9a-f]{32}$/', $args['marker'])) {
      throw new AegirAccessRefusal('protocol', 'The marker is not 32 hexadecimal digits.', array(), TRUE);
    }
    $this->marker = $args['marker'];
    if ($args['protocol'] !== self::PROTOCOL) {
      throw new AegirAccessRefusal('protocol', 'This worker speaks protocol ' . self::PROTOCOL . ", not {$args['protocol']}.", array(), TRUE);
    }
    // Drush's bootstrap stops early, in silence, when the database is down or the alias names no Drupal.
    if (!function_exists('node_save') || !function_exists('hosting_add_task') || !function_exists('hosting_client_sanitize')) {
      throw new AegirAccessRefusal('internal', 'Drush has not started an Aegir front end here: its database is down, or the alias names another site.', array('reason' => 'bootstrap'), TRUE);
    }
    $stored = array_map('unserialize', db_query('SELECT name, value FROM {variable}')->fetchAllKeyed());
    $settings = array();
    foreach ($GLOBALS['conf'] as $name => $value) {
      if (!array_key_exists($name, $stored) || $stored[$name] !== $value) {
        $settings[$name] = $value;
      }
    }
    $server = $this->server();
    $this->settings = $settings;
    return $server;
  }

  /**
   * Forgets what earlier requests have cached, so that a long-lived process sees the server as it is.
   */
  private function reset() {
    drupal_static_reset();
    $GLOBALS['conf'] = variable_initialize($this->settings);
    clearstatcache();
    $this->welcome = NULL;
  }

  /**
   * Carries out a write: one database lock, one transaction, nothing written unless all of it is.
   */
  private function transact($verb, array $args) {
    // The server's own registration of users and its welcome mail, for this process alone.
    $GLOBALS['conf']['hosting_client_register_user'] = FALSE;
    $GLOBALS['conf']['hosting_client_send_welcome'] = FALSE;
    $lock = substr('aegir_access:' . db_query('SELECT DATABASE()')->fetchField(), 0, 64);
    db_query('SET SESSION innodb_lock_wait_timeout = ' . self::ROW_LOCK_SECONDS);
    $this->acquire($lock);
    $failure = NULL;
    $transaction = NULL;
    $committing = FALSE;
    try {
      $transaction = db_transaction();
      $result = $this->$verb($args);
      $committing = TRUE;
      // Drupal commits when the last reference goes.
      unset($transaction);
    }
    catch (Exception $failure) {
    }
    catch (Throwable $failure) {
    }
    if ($failure === NULL) {
      $this->release($lock);
      return $this->welcome === NULL ? $result : $this->mailWelcome($verb, $result);
    }
    if ($committing) {
      throw new AegirAccessUncertain();
    }
    try {
      if ($transaction !== NULL) {
        $transaction->rollback();
      }
    }
    catch (Exception $ignored) {
    }
    // A deadlock ends the transaction behind Drupal's back, which under PHP 8 then believes in one that is gone, and would
    // commit the next write statement by statement. Drupal 7 cannot close a connection under PHP 8; this process can end.
    $this->broken = Database::getConnection()->inTransaction();
    $this->release($lock);
    throw $failure;
  }

  private function acquire($lock) {
    $acquired = db_query('SELECT GET_LOCK(:lock, :seconds)', array(':lock' => $lock, ':seconds' => self::LOCK_SECONDS))->fetchField();
    if ($acquired) {
      return;
    }
    $connection = db_query('SELECT IS_USED_LOCK(:lock)', array(':lock' => $lock))->fetchField();
    $holder = FALSE;
    try {
      $holder = db_query('SELECT host, time FROM information_schema.processlist WHERE id = :id', array(':id' => $connection))->fetchAssoc();
    }
    catch (Exception $denied) {
    }
    $holder = $holder ? array_change_key_case($holder) : array('host' => NULL, 'time' => NULL);
    throw new AegirAccessRefusal('locked', 'Another writer holds the database lock "' . $lock . '".', array(
      'connection' => $connection ? (int) $connection : NULL,
      'host' => $holder['host'],
      'seconds' => $holder['time'] === NULL ? NULL : (int) $holder['time'],
    ));
  }

  private function release($lock) {
    try {
      db_query('SELECT RELEASE_LOCK(:lock)', array(':lock' => $lock));
    }
    catch (Exception $gone) {
      // The lock went with its connection.
    }
  }

  // Facts.

  /**
   * Rows of a query: all of them, or those whose column has one of the values. The SQL and the column are constants.
   */
  private function rows($sql, $column = NULL, $values = NULL, $end = '') {
    if ($column === NULL) {
      return db_query($sql . $end)->fetchAll();
    }
    $rows = array();
    foreach (array_chunk(array_unique($values), self::IN_VALUES) as $chunk) {
      $rows = array_merge($rows, db_query("$sql AND $column IN (:values) $end", array(':values' => $chunk))->fetchAll());
    }
    return $rows;
  }

  private function column(array $rows, $name) {
    $values = array();
    foreach ($rows as $row) {
      $values[] = is_object($row) ? $row->$name : $row[$name];
    }
    return $values;
  }

  private function server() {
    $hosting = db_query("SELECT info, schema_version FROM {system} WHERE type = 'module' AND name = 'hosting'")->fetchObject();
    $info = unserialize($hosting->info);
    return array(
      'protocol' => self::PROTOCOL,
      'php' => PHP_VERSION,
      'drush' => DRUSH_VERSION,
      'drupal' => VERSION,
      'hosting' => empty($info['version']) ? 'schema ' . $hosting->schema_version : $info['version'],
      'clientsDirectory' => $this->clientsDirectory(),
      'defaultClient' => $this->reference($this->defaultClient()),
      'adminClient' => $this->reference($this->adminClient()),
      'defaultClientNid' => $this->defaultClient(),
      'adminClientNid' => $this->adminClient(),
      'clientPrefix' => (string) variable_get('hosting_client_prefix', ''),
      'registersUsers' => (bool) variable_get('hosting_client_register_user', FALSE),
      'sendsWelcomeMail' => (bool) variable_get('hosting_client_send_welcome', FALSE),
      'user' => $this->systemUser(),
      'home' => (string) getenv('HOME'),
    );
  }

  private function systemUser() {
    $user = function_exists('posix_geteuid') ? posix_getpwuid(posix_geteuid()) : FALSE;
    return $user ? $user['name'] : (string) getenv('USER');
  }

  private function defaultClient() {
    return (int) variable_get('hosting_default_client', 1);
  }

  private function adminClient() {
    return (int) variable_get('hosting_admin_client', 1);
  }

  /**
   * The directory that Provision keeps the client directories in; the aegir root is the home of Aegir's user.
   */
  private function clientsDirectory() {
    if ($this->clientsDirectory === NULL) {
      $server = drush_sitealias_get_record('@server_master');
      $root = empty($server['aegir_root']) ? getenv('HOME') : $server['aegir_root'];
      $this->clientsDirectory = rtrim($root, '/') . '/clients';
    }
    return $this->clientsDirectory;
  }

  /**
   * References of clients by nid; a nid that is no client is missing.
   *
   * @param array|null $nids
   *   NULL for all clients.
   */
  private function references($nids = NULL) {
    return $this->clientReferences($nids === NULL ? $this->rows(self::CLIENTS) : $this->rows(self::CLIENTS, 'n.nid', $nids));
  }

  /**
   * References of rows of CLIENTS, by nid.
   */
  private function clientReferences($rows) {
    $references = array();
    foreach ($rows as $row) {
      $references[$row->nid] = array('nid' => (int) $row->nid, 'internalName' => $row->uname, 'name' => $row->title);
    }
    return $references;
  }

  private function reference($nid) {
    $references = $this->references(array($nid));
    return isset($references[$nid]) ? $references[$nid] : NULL;
  }

  /**
   * ClientFacts of these references, in their order.
   */
  private function clientFacts(array $references) {
    $nids = array_keys($references);
    $facts = array();
    foreach ($references as $nid => $reference) {
      $facts[$nid] = $reference + array(
        'users' => array(),
        'sites' => array(),
        'platforms' => array(),
        'isDefault' => $nid === $this->defaultClient(),
        'isAdmin' => $nid === $this->adminClient(),
      );
    }
    $users = $this->rows('SELECT b.client, u.uid, u.name, u.mail, u.status FROM {hosting_client_user} b INNER JOIN {users} u ON u.uid = b.user WHERE u.uid > 0', 'b.client', $nids, 'ORDER BY u.uid');
    foreach ($users as $row) {
      $facts[$row->client]['users'][] = array(
        'uid' => (int) $row->uid,
        'name' => $row->name,
        'mail' => (string) $row->mail,
        'active' => (bool) $row->status,
      );
    }
    $sites = $this->rows("SELECT s.client, n.title FROM {node} n INNER JOIN {hosting_site} s ON s.vid = n.vid WHERE n.type = 'site' AND s.status <> -2", 's.client', $nids);
    foreach ($sites as $row) {
      $facts[$row->client]['sites'][] = $row->title;
    }
    // A deleted platform keeps its rows and opens nothing. The same row may be there twice: the table has no key.
    $platforms = $this->rows("SELECT DISTINCT a.pid, a.cid, n.title FROM {hosting_platform_client_access} a INNER JOIN {node} n ON n.nid = a.pid INNER JOIN {hosting_platform} p ON p.vid = n.vid WHERE n.type = 'platform' AND p.status <> -2", 'a.cid', $nids, 'ORDER BY a.pid');
    $counts = array();
    foreach ($this->rows('SELECT pid, COUNT(DISTINCT cid) AS clients FROM {hosting_platform_client_access} WHERE pid > 0', 'pid', $this->column($platforms, 'pid'), 'GROUP BY pid') as $row) {
      $counts[$row->pid] = (int) $row->clients;
    }
    foreach ($platforms as $row) {
      $facts[$row->cid]['platforms'][] = array('nid' => (int) $row->pid, 'title' => $row->title, 'clients' => $counts[$row->pid]);
    }
    foreach ($facts as &$client) {
      sort($client['sites'], SORT_STRING);
    }
    return array_values($facts);
  }

  /**
   * SiteFacts of rows of (nid, title, client, status), in their order.
   */
  private function siteFacts(array $rows) {
    if (!$rows) {
      return array();
    }
    $nids = $this->column($rows, 'nid');
    $owners = $this->references($this->column($rows, 'client'));
    $hostmaster = $this->hostmasterNids();
    $links = $this->links($this->column($rows, 'title'));
    $newest = $this->rows("SELECT MAX(t.vid) AS vid FROM {hosting_task} t INNER JOIN {node} n ON n.vid = t.vid WHERE t.rid > 0", 't.rid', $nids, "AND t.task_type = 'verify' GROUP BY t.rid");
    $verifies = $this->rows(self::TASKS, 't.vid', $this->column($newest, 'vid'));
    $active = $this->active($this->rows(self::TASKS, 't.rid', $nids, 'AND t.task_status IN (0, -1)'));
    $outstanding = array();
    $lastVerify = array();
    foreach ($this->taskFacts(array_merge($active, $verifies)) as $index => $task) {
      if ($index < count($active)) {
        $outstanding[$task['rid']][] = $task;
      }
      else {
        $lastVerify[$task['rid']] = $task;
      }
    }
    $facts = array();
    foreach ($rows as $row) {
      $facts[] = array(
        'nid' => (int) $row->nid,
        'site' => $row->title,
        'status' => (int) $row->status,
        'ownerNid' => (int) $row->client,
        'owner' => isset($owners[$row->client]) ? $owners[$row->client] : NULL,
        'hostmaster' => in_array((int) $row->nid, $hostmaster, TRUE),
        'tasks' => isset($outstanding[$row->nid]) ? $outstanding[$row->nid] : array(),
        'lastVerify' => isset($lastVerify[$row->nid]) ? $lastVerify[$row->nid] : NULL,
        'links' => isset($links[$row->title]) ? $links[$row->title] : array(),
      );
    }
    return $facts;
  }

  private function hostmasterNids() {
    $nids = db_query("SELECT nid FROM {hosting_context} WHERE name = 'hostmaster'")->fetchCol();
    $nids[] = variable_get('aegir_hostmaster_site_nid', 0);
    return array_map('intval', $nids);
  }

  /**
   * The client directories that have an entry of each of these domains.
   */
  private function links(array $domains) {
    $wanted = array_flip($domains);
    $few = count($wanted) <= self::PROBED_DOMAINS;
    $root = $this->clientsDirectory();
    $links = array();
    foreach ($this->entries($root) as $directory) {
      $path = "$root/$directory";
      foreach ($few ? $this->entriesNamed($path, array_keys($wanted)) : $this->entries($path) as $entry) {
        if (isset($wanted[$entry])) {
          $links[$entry][] = $directory;
        }
      }
    }
    return $links;
  }

  /**
   * Those of the names that a directory has an entry of, be it a link that leads nowhere.
   */
  private function entriesNamed($directory, array $names) {
    $found = array();
    foreach ($names as $name) {
      $isName = !preg_match('#^\.{0,2}$|[/\0]#', $name);
      if ($isName && (@is_link("$directory/$name") || @file_exists("$directory/$name"))) {
        $found[] = $name;
      }
    }
    return $found;
  }

  /**
   * Names in a directory, sorted; none if it cannot be read.
   */
  private function entries($directory) {
    $entries = @is_dir($directory) ? @scandir($directory) : FALSE;
    return $entries ? array_diff($entries, array('.', '..')) : array();
  }

  /**
   * Those of the rows whose task is queued or running, in the order in which the queue takes them.
   */
  private function active(array $rows) {
    $active = array();
    foreach ($rows as $row) {
      if ($row->task_status == 0 || $row->task_status == -1 && $row->executed > time() - self::DEAD_TASK_SECONDS) {
        $active[] = $row;
      }
    }
    usort($active, array($this, 'compareTasks'));
    return $active;
  }

  private function compareTasks($a, $b) {
    return $a->changed != $b->changed ? $a->changed - $b->changed : $a->nid - $b->nid;
  }

  /**
   * Rows of the running tasks of the instance.
   */
  private function runningTasks() {
    return db_query(self::TASKS . ' AND t.task_status = -1 AND t.executed > :dead', array(':dead' => time() - self::DEAD_TASK_SECONDS))->fetchAll();
  }

  /**
   * How many tasks the queue takes before each queued one of these, by nid; the running ones come before all of them.
   */
  private function places(array $rows) {
    $queued = array();
    foreach ($rows as $row) {
      if ($row->task_status == 0) {
        $queued[$row->nid] = $row;
      }
    }
    $places = array();
    if (count($queued) <= self::COUNTED_PLACES) {
      foreach ($queued as $nid => $row) {
        $places[$nid] = (int) db_query('SELECT COUNT(*) FROM {hosting_task} t INNER JOIN {node} n ON n.vid = t.vid WHERE t.rid > 0 AND (t.task_status = -1 AND t.executed > :dead OR t.task_status = 0 AND (n.changed < :before OR n.changed = :changed AND n.nid < :nid))', array(':dead' => time() - self::DEAD_TASK_SECONDS, ':before' => $row->changed, ':changed' => $row->changed, ':nid' => $nid))->fetchField();
      }
      return $places;
    }
    $running = count($this->runningTasks());
    $order = db_query('SELECT n.nid FROM {hosting_task} t INNER JOIN {node} n ON n.vid = t.vid WHERE t.rid > 0 AND t.task_status = 0 ORDER BY n.changed, n.nid')->fetchCol();
    foreach ($order as $index => $nid) {
      $places[$nid] = $running + $index;
    }
    return $places;
  }

  /**
   * TaskFacts of task rows, in their order.
   */
  private function taskFacts(array $rows) {
    $ahead = $this->places($rows);
    $finished = array();
    foreach ($rows as $row) {
      if ($row->task_status > 1) {
        $finished[] = $row->vid;
      }
    }
    $log = array();
    $lines = $finished ? $this->rows("SELECT vid, type, message FROM {hosting_task_log} WHERE type IN ('error', 'failed', 'warning')", 'vid', $finished, 'ORDER BY lid') : array();
    foreach ($lines as $line) {
      $log[$line->vid][] = array('type' => $line->type, 'message' => drupal_substr($line->message, 0, self::LOG_CHARACTERS));
    }
    $facts = array();
    foreach ($rows as $row) {
      $facts[] = array(
        'nid' => (int) $row->nid,
        'rid' => (int) $row->rid,
        'type' => $row->task_type,
        'status' => (int) $row->task_status,
        // BOA's retry copies the time of the run it repeats into the new, queued task.
        'executed' => $row->task_status == 0 || !$row->executed ? NULL : (int) $row->executed,
        'ahead' => isset($ahead[$row->nid]) ? $ahead[$row->nid] : NULL,
        'log' => isset($log[$row->vid]) ? array_slice($log[$row->vid], -self::LOG_LINES) : array(),
      );
    }
    return $facts;
  }

  private function queueFacts() {
    $running = $this->runningTasks();
    $lastRun = (int) variable_get('hosting_queue_tasks_last_run', 0);
    return array(
      'queued' => (int) db_query('SELECT COUNT(*) FROM {hosting_task} t INNER JOIN {node} n ON n.vid = t.vid WHERE t.rid > 0 AND t.task_status = 0')->fetchField(),
      'processing' => count($running),
      'lastRun' => $lastRun > 0 ? $lastRun : NULL,
      'obstacles' => $this->obstacles($running),
      'disks' => $this->disks(),
    );
  }

  /**
   * How full the file systems are that Aegir needs, each once, as far as open_basedir lets them be seen.
   */
  private function disks() {
    $disks = array();
    foreach (array('/', '/var', $this->clientsDirectory()) as $path) {
      $total = @disk_total_space($path);
      $free = @disk_free_space($path);
      if ($total > 0 && $free !== FALSE && !isset($disks["$total $free"])) {
        $disks["$total $free"] = array('path' => $path, 'percent' => (int) round(100 * ($total - $free) / $total));
      }
    }
    return array_values($disks);
  }

  /**
   * Command lines of the processes that run tasks, or NULL where processes cannot be seen.
   */
  private function taskProcesses() {
    if (@file_get_contents('/proc/self/cmdline') == '') {
      return NULL;
    }
    $lines = array();
    foreach ((array) @glob('/proc/[0-9]*/cmdline') as $file) {
      $line = str_replace("\0", ' ', (string) @file_get_contents($file));
      if (strpos($line, 'hosting-task') !== FALSE) {
        $lines[] = $line;
      }
    }
    return $lines;
  }

  /**
   * Those of the running tasks whose process was killed, or that have been running longer than any does.
   */
  private function deadTasks(array $running) {
    $old = array();
    foreach ($running as $task) {
      if ($task->executed < time() - self::STARTING_SECONDS) {
        $old[$task->nid] = $task;
      }
    }
    if (!$old) {
      return array();
    }
    $processes = $this->taskProcesses();
    $dead = array();
    // Asked once more, after the processes: a task that has ended meanwhile has no process either.
    foreach ($this->rows('SELECT t.nid, t.task_status, s.title FROM {hosting_task} t INNER JOIN {node} n ON n.vid = t.vid LEFT JOIN {node} s ON s.nid = t.rid WHERE t.task_status = -1', 't.nid', array_keys($old)) as $row) {
      $task = $old[$row->nid];
      $seconds = time() - $task->executed;
      if ($processes === NULL ? $seconds < self::LONG_TASK_SECONDS : preg_grep('/\bhosting-task\b.*\b' . $row->nid . '\b/', $processes)) {
        continue;
      }
      $why = $processes === NULL ? 'longer than any does' : 'and no process runs it';
      $dead[] = "task {$row->nid} ({$task->task_type} of {$row->title}) has been processing for " . ceil($seconds / 60) . " min, $why: it holds the queue until its node is deleted in the panel (node/{$row->nid}/delete)";
    }
    return $dead;
  }

  /**
   * What stops the queue, as far as Drupal's user can see it.
   */
  private function obstacles(array $running) {
    $obstacles = $this->deadTasks($running);
    if (preg_match('#^/data/disk/#', $this->clientsDirectory())) {
      foreach ($this->disks() as $disk) {
        if ($disk['percent'] > self::FULL_PERCENT) {
          $obstacles[] = "the disk of {$disk['path']} is {$disk['percent']} % full, and BOA runs no tasks and no account cron above " . self::FULL_PERCENT . ' %: free some of it';
        }
      }
    }
    if (module_exists('hosting_queued')) {
      if (variable_get('hosting_queued_paused', 0)) {
        $obstacles[] = 'the queue daemon is paused (hosting_queued_paused)';
      }
    }
    else {
      if (!variable_get('hosting_dispatch_enabled', FALSE)) {
        $obstacles[] = 'dispatching is disabled (hosting_dispatch_enabled)';
      }
      if (!variable_get('hosting_queue_tasks_enabled', TRUE)) {
        $obstacles[] = 'the task queue is disabled (hosting_queue_tasks_enabled)';
      }
    }
    if (!$running) {
      $locks = db_query("SELECT name, expire FROM {semaphore} WHERE name IN ('hosting_dispatch_tasks_running', 'hosting_queue_tasks_running') AND expire > :now", array(':now' => microtime(TRUE)));
      foreach ($locks as $lock) {
        $obstacles[] = "the lock {$lock->name} is held though no task runs, for at most " . ceil($lock->expire - microtime(TRUE)) . ' s more';
      }
    }
    foreach (array('/run/boa_run.pid', '/run/boa_wait.pid', '/run/boa_cron_wait.pid', '/run/octopus_install_run.pid') as $file) {
      if (@file_exists($file)) {
        $obstacles[] = "BOA holds the queue ($file)";
      }
    }
    return $obstacles;
  }

  /**
   * UserFacts of rows of (uid, name, mail, status), in their order.
   */
  private function userFacts(array $rows) {
    if (!$rows) {
      return array();
    }
    $uids = $this->column($rows, 'uid');
    $powerful = db_query("SELECT DISTINCT rid FROM {role_permission} WHERE permission IN ('administer sites', 'bypass node access')")->fetchCol();
    $everybody = in_array(DRUPAL_AUTHENTICATED_RID, $powerful);
    $facts = array();
    foreach ($rows as $row) {
      $facts[$row->uid] = array(
        'uid' => (int) $row->uid,
        'name' => $row->name,
        'mail' => (string) $row->mail,
        'active' => (bool) $row->status,
        'roles' => array(),
        'administrator' => $row->uid == 1 || $everybody,
        'clients' => array(),
      );
    }
    foreach ($this->rows('SELECT h.uid, r.rid, r.name FROM {users_roles} h INNER JOIN {role} r ON r.rid = h.rid WHERE h.uid > 0', 'h.uid', $uids, 'ORDER BY r.name') as $row) {
      $facts[$row->uid]['roles'][] = $row->name;
      if (in_array($row->rid, $powerful)) {
        $facts[$row->uid]['administrator'] = TRUE;
      }
    }
    foreach ($this->rows("SELECT b.user, c.uname FROM {hosting_client_user} b INNER JOIN {node} n ON n.nid = b.client INNER JOIN {hosting_client} c ON c.vid = n.vid WHERE n.type = 'client'", 'b.user', $uids) as $row) {
      $facts[$row->user]['clients'][] = $row->uname;
    }
    foreach ($facts as &$user) {
      sort($user['clients'], SORT_STRING);
    }
    return array_values($facts);
  }

  // Reads.

  private function inventory() {
    $sites = $this->rows("SELECT n.nid, n.title, s.client, s.status FROM {node} n INNER JOIN {hosting_site} s ON s.vid = n.vid WHERE n.type = 'site' AND s.status <> -2 ORDER BY n.title, n.nid");
    return array(
      'server' => $this->server(),
      'clients' => $this->clientFacts($this->references()),
      'sites' => $this->siteFacts($sites),
      'users' => $this->userFacts($this->rows('SELECT uid, name, mail, status FROM {users} WHERE uid > 0 ORDER BY uid')),
      'platforms' => $this->platforms(),
      'orphanBindings' => $this->orphanBindings(),
      'damaged' => $this->damaged(),
      'queue' => $this->queueFacts(),
    );
  }

  private function platforms() {
    $platforms = array();
    $rows = db_query("SELECT n.nid, n.title, p.status FROM {node} n INNER JOIN {hosting_platform} p ON p.vid = n.vid WHERE n.type = 'platform' AND p.status <> -2 ORDER BY n.nid");
    foreach ($rows as $row) {
      $platforms[$row->nid] = array('nid' => (int) $row->nid, 'title' => $row->title, 'status' => (int) $row->status, 'clients' => array());
    }
    foreach (db_query('SELECT DISTINCT pid, cid FROM {hosting_platform_client_access} ORDER BY pid, cid') as $row) {
      if (isset($platforms[$row->pid])) {
        $platforms[$row->pid]['clients'][] = (int) $row->cid;
      }
    }
    return array_values($platforms);
  }

  private function orphanBindings() {
    $orphans = array();
    $rows = db_query("SELECT b.user, u.name, b.client, c.uname FROM {hosting_client_user} b LEFT JOIN {users} u ON u.uid = b.user AND u.uid > 0 LEFT JOIN {node} n ON n.nid = b.client AND n.type = 'client' LEFT JOIN {hosting_client} c ON c.vid = n.vid WHERE u.uid IS NULL OR c.vid IS NULL ORDER BY b.user, b.client");
    foreach ($rows as $row) {
      $orphans[] = array('uid' => (int) $row->user, 'user' => $row->name, 'clientNid' => (int) $row->client, 'client' => $row->uname);
    }
    return $orphans;
  }

  /**
   * Nodes that have lost the row of their current revision.
   */
  private function damaged() {
    $damaged = array();
    $rows = db_query("SELECT n.nid, n.type, n.title FROM {node} n LEFT JOIN {hosting_client} c ON c.vid = n.vid LEFT JOIN {hosting_site} s ON s.vid = n.vid WHERE (n.type = 'client' AND c.vid IS NULL) OR (n.type = 'site' AND s.vid IS NULL) ORDER BY n.nid");
    foreach ($rows as $row) {
      $damaged[] = array('nid' => (int) $row->nid, 'type' => $row->type, 'title' => $row->title);
    }
    return $damaged;
  }

  private function client(array $args) {
    $found = NULL;
    $sameShellName = array();
    $shellName = $this->shellName($args['internalName']);
    // The database finds what may be the same, the client itself among it, and no client is read for nothing.
    $like = '%' . implode('%', str_split($shellName)) . '%';
    foreach ($this->clientReferences(db_query(self::CLIENTS . ' AND LOWER(c.uname) LIKE :like', array(':like' => $like))) as $reference) {
      if ($reference['internalName'] === $args['internalName']) {
        $found = $reference;
      }
      elseif ($this->shellName($reference['internalName']) === $shellName) {
        $sameShellName[] = $reference['internalName'];
      }
    }
    $sameName = array();
    $titled = isset($args['name']) ? db_query(self::CLIENTS . ' AND n.title = :name', array(':name' => $args['name'])) : array();
    foreach ($this->clientReferences($titled) as $reference) {
      if ($reference['internalName'] !== $args['internalName'] && $this->same($reference['name'], $args['name'])) {
        $sameName[] = $reference['internalName'];
      }
    }
    sort($sameName, SORT_STRING);
    sort($sameShellName, SORT_STRING);
    $clients = $found ? $this->clientFacts(array($found['nid'] => $found)) : array(NULL);
    return array('client' => $clients[0], 'sameName' => $sameName, 'sameShellName' => $sameShellName);
  }

  /**
   * What BOA makes the login of a client from.
   */
  private function shellName($internalName) {
    return preg_replace('/[^a-z0-9]/', '', strtolower($internalName));
  }

  private function site(array $args) {
    $rows = array();
    $deleted = 0;
    $titled = db_query("SELECT n.nid, n.title, s.client, s.status FROM {node} n INNER JOIN {hosting_site} s ON s.vid = n.vid WHERE n.type = 'site' AND n.title = :title ORDER BY n.nid", array(':title' => $args['site']));
    foreach ($titled as $row) {
      if ($this->same($row->title, $args['site'])) {
        if ($row->status == -2) {
          $deleted++;
        }
        else {
          $rows[] = $row;
        }
      }
    }
    $alias = FALSE;
    if (module_exists('hosting_alias')) {
      $alias = db_query("SELECT n.title FROM {hosting_site_alias} a INNER JOIN {node} n ON n.vid = a.vid INNER JOIN {hosting_site} s ON s.vid = n.vid WHERE n.type = 'site' AND s.status <> -2 AND a.alias = :alias AND n.title <> :alias2 ORDER BY n.nid", array(':alias' => $args['site'], ':alias2' => $args['site']))->fetchField();
    }
    return array('sites' => $this->siteFacts($rows), 'deleted' => $deleted, 'aliasOf' => $alias === FALSE ? NULL : $alias);
  }

  private function user(array $args) {
    if ($args['uid'] !== NULL) {
      $rows = db_query('SELECT uid, name, mail, status FROM {users} WHERE uid > 0 AND uid = :uid', array(':uid' => $args['uid']))->fetchAll();
    }
    elseif ($args['name'] === NULL) {
      $rows = $args['mail'] === NULL ? array() : $this->usersWithMail($args['mail']);
    }
    else {
      $rows = $this->usersNamed($args['name']);
    }
    return array('users' => $this->userFacts($rows));
  }

  /**
   * MySQL's collations take "jose" for "josé"; a person is the same only if nothing but the case differs.
   */
  private function same($a, $b) {
    return drupal_strtolower($a) === drupal_strtolower($b);
  }

  private function usersNamed($name) {
    $rows = array();
    foreach (db_query('SELECT uid, name, mail, status FROM {users} WHERE uid > 0 AND name = :name', array(':name' => $name)) as $row) {
      if ($this->same($row->name, $name)) {
        $rows[] = $row;
      }
    }
    return $rows;
  }

  private function usersWithMail($mail) {
    $rows = array();
    foreach (db_query('SELECT uid, name, mail, status FROM {users} WHERE uid > 0 AND mail = :mail ORDER BY uid', array(':mail' => $mail)) as $row) {
      if ($mail !== '' && $this->same($row->mail, $mail)) {
        $rows[] = $row;
      }
    }
    return $rows;
  }

  private function tasks(array $args) {
    return array(
      'tasks' => $this->taskFacts($this->rows(self::TASKS, 't.nid', $args['nids'])),
      'queue' => $this->queueFacts(),
    );
  }

  // Writes. Each runs inside transact().

  /**
   * The row of the client with this internal name, locked; NULL if there is none.
   */
  private function namedClient($internalName) {
    foreach (db_query(self::CLIENTS . ' AND c.uname = :uname FOR UPDATE', array(':uname' => $internalName)) as $row) {
      if ($row->uname === $internalName) {
        return $row;
      }
    }
    return NULL;
  }

  /**
   * The row of a client, locked; refuses if there is none. A name is a claim, a number is the client: refuses as well if the
   * client of this name is not the one with this number.
   */
  private function lockedClient($internalName, $nid = NULL) {
    $found = $this->namedClient($internalName);
    if ($found && ($nid === NULL || (int) $found->nid === $nid)) {
      return $found;
    }
    $known = $nid === NULL ? NULL : $this->reference($nid);
    if ($found || $known) {
      throw new AegirAccessRefusal('changed', "The client \"$internalName\" is not the one with the nid $nid.", array(
        'nid' => $found ? (int) $found->nid : NULL,
        'internalName' => $known ? $known['internalName'] : NULL,
      ));
    }
    throw new AegirAccessRefusal('missing', "There is no client with the internal name \"$internalName\".", array('what' => 'client'));
  }

  private function freshClientFacts($nid) {
    $facts = $this->clientFacts($this->references(array($nid)));
    return $facts[0];
  }

  /**
   * Refuses what Aegir would store as something else: it sanitises the internal name on every save.
   */
  private function requireStableInternalName($internalName) {
    $stored = hosting_client_sanitize($internalName);
    if ($stored !== $internalName) {
      throw new AegirAccessRefusal('refused', "Aegir would store the internal name \"$internalName\" as \"$stored\".", array('internalName' => $stored));
    }
  }

  private function requireStored($what, $asked, $stored) {
    if ($asked !== $stored) {
      throw new AegirAccessRefusal('refused', "Aegir stored the $what \"$asked\" as \"$stored\"; this was undone.", array('stored' => $stored));
    }
  }

  private function createClient(array $args) {
    $this->requireStableInternalName($args['internalName']);
    $this->requireFreeInternalName($args['internalName']);
    $node = new stdClass();
    $node->type = 'client';
    $node->title = $args['name'];
    $node->uname = $args['internalName'];
    $node->uid = 1;
    $node->status = 1;
    $node->promote = 0;
    $node->sticky = 0;
    $node->comment = 0;
    $node->language = LANGUAGE_NONE;
    $node->revision = FALSE;
    // An empty address matches the anonymous user, so that no hook makes a user of its own.
    $node->email = '';
    // No new_user: an empty one would bind the anonymous user.
    try {
      node_save($node);
    }
    catch (PDOException $duplicate) {
      if ($this->databaseError($duplicate) !== 1062) {
        throw $duplicate;
      }
      throw new AegirAccessRefusal('exists', "The internal name \"{$args['internalName']}\" has just been taken.");
    }
    $user = $args['user'] ? $this->ensureUserOf($node->nid, $args['user']) : NULL;
    $client = $this->freshClientFacts($node->nid);
    $this->requireStored('internal name', $args['internalName'], $client['internalName']);
    $this->requireStored('name', $args['name'], $client['name']);
    return array('client' => $client, 'user' => $user);
  }

  private function requireFreeInternalName($internalName) {
    $taken = db_query('SELECT nid FROM {hosting_client} WHERE uname = :uname', array(':uname' => $internalName))->fetchField();
    if ($taken) {
      throw new AegirAccessRefusal('exists', "The internal name \"$internalName\" is taken.", array('client' => $this->reference((int) $taken)));
    }
  }

  private function renameClient(array $args) {
    $row = $this->lockedClient($args['internalName'], $args['nid']);
    if ($row->title !== $args['from']) {
      throw new AegirAccessRefusal('changed', "The client \"{$row->uname}\" is named \"{$row->title}\", not \"{$args['from']}\".", array('found' => $row->title));
    }
    $this->requireStableInternalName($row->uname);
    $node = node_load($row->nid);
    $node->title = $args['to'];
    // Never a new revision: it would insert the internal name a second time.
    $node->revision = FALSE;
    $node->users = array();
    $node->new_user = '';
    node_save($node);
    $client = $this->freshClientFacts($row->nid);
    $this->requireStored('internal name', $args['internalName'], $client['internalName']);
    $this->requireStored('name', $args['to'], $client['name']);
    return array('client' => $client);
  }

  private function deleteClient(array $args) {
    $row = $this->lockedClient($args['internalName'], $args['nid']);
    // A site that the panel is giving to this client right now is waited for: it would be left with an owner that is gone.
    db_query('SELECT nid FROM {hosting_site} WHERE client = :nid FOR UPDATE', array(':nid' => $row->nid))->fetchCol();
    $client = $this->freshClientFacts($row->nid);
    $detail = array();
    if ($client['isDefault'] || $client['isAdmin']) {
      $detail['role'] = $client['isDefault'] ? 'default' : 'admin';
    }
    if ($client['sites']) {
      $detail['sites'] = $client['sites'];
    }
    if ($client['users'] && !$args['dropBindings']) {
      $detail['users'] = $this->column($client['users'], 'name');
    }
    $platforms = array();
    foreach ($client['platforms'] as $platform) {
      if (!$args['dropPlatforms'] || $platform['clients'] < 2) {
        $platforms[] = $platform;
      }
    }
    if ($platforms) {
      $detail['platforms'] = $platforms;
    }
    if ($detail) {
      throw new AegirAccessRefusal('refused', "The client \"{$row->uname}\" still has what it must not lose silently: " . implode(', ', array_keys($detail)) . '.', $detail);
    }
    // Deleted sites have no grants worth keeping; a save of theirs must not meet the nid of a client that is gone.
    if ($this->reference($this->defaultClient())) {
      db_update('hosting_site')->fields(array('client' => $this->defaultClient()))->condition('client', $row->nid)->condition('status', -2)->execute();
    }
    if ($args['dropPlatforms']) {
      db_delete('hosting_platform_client_access')->condition('cid', $row->nid)->execute();
    }
    node_delete($row->nid);
    if ($this->reference((int) $row->nid)) {
      throw new AegirAccessRefusal('refused', "Aegir did not delete the client \"{$row->uname}\"; this was undone.");
    }
    return array('deleted' => TRUE);
  }

  private function ensureUser(array $args) {
    $client = $this->lockedClient($args['client']);
    return array('user' => $this->ensureUserOf($client->nid, $args['user']));
  }

  /**
   * Sees to it that a user with this mail is bound: one that is, one that exists, or a new one.
   */
  private function ensureUserOf($client, array $user) {
    $rows = $this->usersWithMail($user['mail']);
    foreach ($rows as $row) {
      if ($this->isBound($client, $row->uid)) {
        return array('uid' => (int) $row->uid, 'name' => $row->name, 'created' => FALSE, 'bound' => FALSE);
      }
    }
    if (count($rows) > 1) {
      throw new AegirAccessRefusal('refused', "Several users have the mail \"{$user['mail']}\"; bind the right one by name.", array('users' => $this->column($rows, 'name')));
    }
    $created = !$rows;
    if ($created) {
      $rows = array($this->makeUser($user['name'], $user['mail'], $user['welcomeMail']));
    }
    $this->bindUser($client, $rows[0]->uid);
    return array('uid' => (int) $rows[0]->uid, 'name' => $rows[0]->name, 'created' => $created, 'bound' => TRUE);
  }

  private function isBound($client, $uid) {
    return (bool) db_query('SELECT 1 FROM {hosting_client_user} WHERE user = :uid AND client = :client', array(':uid' => $uid, ':client' => $client))->fetchField();
  }

  /**
   * Direct row: the module's own ways insert without looking, and not all forks have them.
   */
  private function bindUser($client, $uid) {
    db_insert('hosting_client_user')->fields(array('user' => $uid, 'client' => $client, 'contact_type' => ''))->execute();
  }

  /**
   * Makes an active panel user with the role of clients and a random password.
   */
  private function makeUser($name, $mail, $welcomeMail) {
    $role = user_role_load_by_name('aegir client');
    if (!$role) {
      throw new AegirAccessRefusal('refused', 'The role "aegir client" does not exist here, so no user can be made.', array('role' => 'aegir client'));
    }
    $invalid = user_validate_name($name);
    if (!$invalid && !valid_email_address($mail)) {
      $invalid = "\"$mail\" is not a mail address.";
    }
    if ($invalid) {
      throw new AegirAccessRefusal('refused', strip_tags($invalid));
    }
    // As the database compares: what its unique key, or a login by mail, takes for the same is taken.
    $named = db_query('SELECT name FROM {users} WHERE name = :name', array(':name' => $name))->fetchField();
    if ($named !== FALSE) {
      throw new AegirAccessRefusal('nameTaken', "Another user has the name \"$named\".", array('user' => $named));
    }
    $mailed = db_query('SELECT name FROM {users} WHERE mail = :mail', array(':mail' => $mail))->fetchField();
    if ($mailed !== FALSE) {
      throw new AegirAccessRefusal('mailTaken', "The user \"$mailed\" has the mail \"$mail\".", array('user' => $mailed));
    }
    $password = user_password(24);
    $account = user_save(new stdClass(), array(
      'name' => $name,
      'mail' => $mail,
      'init' => $mail,
      'pass' => $password,
      'status' => 1,
      'roles' => array($role->rid => $role->name),
    ));
    if (!$account) {
      throw new Exception('user_save() has not saved the user.');
    }
    $this->requireStored('user name', $name, db_query('SELECT name FROM {users} WHERE uid = :uid', array(':uid' => $account->uid))->fetchField());
    if ($welcomeMail) {
      $this->welcome = array('uid' => $account->uid, 'password' => $password);
    }
    return $account;
  }

  /**
   * Sends the welcome mail as hosting_client_register_user() does, and notes in the result whether it went out.
   */
  private function mailWelcome($verb, array $result) {
    $sent = FALSE;
    try {
      $account = user_load($this->welcome['uid'], TRUE);
      $params = array(
        '!username' => $account->name,
        '!site' => variable_get('site_name', 'Drupal'),
        '!password' => $this->welcome['password'],
        '!uri' => $GLOBALS['base_url'],
        '!uri_brief' => preg_replace('!^https?://!', '', $GLOBALS['base_url']),
        '!date' => format_date(time()),
        '!login_uri' => url('user', array('absolute' => TRUE)),
        '!edit_uri' => url('user/' . $account->uid . '/edit', array('absolute' => TRUE)),
        '!login_url' => user_pass_reset_url($account),
      );
      $from = variable_get('site_mail', ini_get('sendmail_from'));
      $message = drupal_mail('hosting_client', 'hosting-client-register-welcome', $account->mail, user_preferred_language($account), $params, $from, TRUE);
      $sent = !empty($message['result']);
    }
    catch (Exception $failed) {
    }
    catch (Throwable $failed) {
    }
    $this->welcome = NULL;
    if ($verb === 'bind') {
      $result['mailed'] = $sent;
    }
    else {
      $result['user']['mailed'] = $sent;
    }
    return $result;
  }

  /**
   * The row of a live site, locked; refuses if there is none.
   */
  private function lockedSite($nid) {
    $row = db_query("SELECT n.nid, n.vid, n.title, s.client, s.status FROM {node} n INNER JOIN {hosting_site} s ON s.vid = n.vid WHERE n.nid = :nid AND n.type = 'site' AND s.status <> -2 FOR UPDATE", array(':nid' => $nid))->fetchObject();
    if (!$row) {
      throw new AegirAccessRefusal('missing', "There is no live site with the nid $nid.", array('what' => 'site'));
    }
    return $row;
  }

  private function setOwner(array $args) {
    $site = $this->lockedSite($args['nid']);
    if (in_array((int) $site->nid, $this->hostmasterNids(), TRUE)) {
      throw new AegirAccessRefusal('refused', "\"{$site->title}\" is the front end's own site and stays with its owner.");
    }
    $to = $this->newOwner($args['to'], $args['toNid']);
    if ((int) $site->client !== $args['from']) {
      throw new AegirAccessRefusal('changed', "The site \"{$site->title}\" is owned by another client by now.", array(
        'found' => (int) $site->client,
        'owner' => $this->reference((int) $site->client),
      ));
    }
    $tasks = $this->siteTasks($site->nid);
    $this->requireNoRunningTask($site, $tasks);
    // One column, not node_save(): that writes every column of a loaded site, runs the hooks of every module, and queues
    // a verify of its own whose grants are those of the old owner.
    db_update('hosting_site')->fields(array('client' => $to))->condition('nid', $site->nid)->condition('vid', $site->vid)->condition('client', $args['from'])->execute();
    entity_get_controller('node')->resetCache(array($site->nid));
    $task = $this->ensureVerify($site->nid, $tasks);
    $this->acquireGrants($site->nid, array_merge($this->column($tasks, 'nid'), array($task)));
    $row = $this->lockedSite($site->nid);
    // Not the number of rows that the update changed: it is 0 if the owner is the same.
    if ((int) $row->client !== $to) {
      throw new Exception('The new owner was not stored.');
    }
    $sites = $this->siteFacts(array($row));
    return array('site' => $sites[0], 'task' => $this->taskOf($task, $sites[0]['tasks']));
  }

  /**
   * The nid of the client that a site goes to, its row locked so that it cannot go meanwhile.
   */
  private function newOwner($internalName, $nid) {
    if ($internalName !== NULL) {
      return (int) $this->lockedClient($internalName, $nid)->nid;
    }
    $default = $this->reference($this->defaultClient());
    if (!$default) {
      throw new AegirAccessRefusal('missing', 'The variable hosting_default_client names no client, so there is no default owner.', array('what' => 'client'));
    }
    return (int) $this->lockedClient($default['internalName'])->nid;
  }

  /**
   * Rows of all tasks of a site. Once in a write: hosting_task has no index on rid.
   */
  private function siteTasks($nid) {
    return $this->rows(self::TASKS, 't.rid', array($nid));
  }

  /**
   * A running task saves the site as it was when the task began, and so would take the new owner back.
   */
  private function requireNoRunningTask($site, array $tasks) {
    foreach ($this->active($tasks) as $row) {
      if ($row->task_status == -1) {
        $facts = $this->taskFacts(array($row));
        throw new AegirAccessRefusal('busy', "The task \"{$row->task_type}\" of the site \"{$site->title}\" is running.", array('task' => $facts[0]));
      }
    }
  }

  private function queueVerify(array $args) {
    $site = $this->lockedSite($args['nid']);
    $task = $this->ensureVerify($site->nid, $this->siteTasks($site->nid));
    return array('task' => $this->taskOf($task, $this->taskFacts($this->rows(self::TASKS, 't.nid', array($task)))));
  }

  /**
   * The nid of a queued verify of this site: one that is there (it will read the site when it starts), or a new one.
   */
  private function ensureVerify($nid, array $tasks) {
    foreach ($this->active($tasks) as $row) {
      if ($row->task_type === 'verify' && $row->task_status == 0) {
        return (int) $row->nid;
      }
    }
    $task = hosting_add_task($nid, 'verify');
    if (!$task) {
      throw new Exception('hosting_add_task() has not queued a verify.');
    }
    // Drupal writes the time at which this process began, and the queue is ordered by it.
    db_update('node')->fields(array('created' => time(), 'changed' => time()))->condition('nid', $task->nid)->execute();
    return (int) $task->nid;
  }

  private function taskOf($nid, array $tasks) {
    foreach ($tasks as $task) {
      if ($task['nid'] === $nid) {
        return $task;
      }
    }
    throw new Exception("The task $nid is not there.");
  }

  /**
   * Gives the site and its tasks the grants of the present owner; nothing else updates those of the tasks.
   */
  private function acquireGrants($nid, array $tasks) {
    $site = node_load($nid);
    if (!$site) {
      throw new Exception('The site cannot be loaded.');
    }
    node_access_acquire_grants($site);
    foreach (array_chunk(array_unique($tasks), 100) as $chunk) {
      foreach (node_load_multiple($chunk) as $task) {
        node_access_acquire_grants($task);
      }
    }
  }

  private function bind(array $args) {
    $client = $this->lockedClient($args['client'], $args['clientNid']);
    $rows = $this->usersNamed($args['user']);
    if ($args['uid'] !== NULL) {
      $this->requireUid($args['uid'], $args['user'], $rows);
    }
    $created = !$rows;
    if ($created && !$args['createUser']) {
      throw new AegirAccessRefusal('missing', "There is no user named \"{$args['user']}\".", array('what' => 'user'));
    }
    $user = $created ? $this->makeUser($args['user'], $args['createUser']['mail'], $args['createUser']['welcomeMail']) : $rows[0];
    $bound = !$this->isBound($client->nid, $user->uid);
    if ($bound) {
      if (!$created && $args['createUser'] && !$this->same($user->mail, $args['createUser']['mail'])) {
        throw new AegirAccessRefusal('refused', "The user \"{$user->name}\" has the mail \"{$user->mail}\", not \"{$args['createUser']['mail']}\".", array('mail' => $user->mail));
      }
      $this->bindUser($client->nid, $user->uid);
    }
    $users = $this->userFacts($this->usersNamed($user->name));
    return array('clientNid' => (int) $client->nid, 'user' => $users[0], 'created' => $created, 'bound' => $bound);
  }

  /**
   * A name is a claim, a number is the person: refuses if the user of this name is not the one with this number.
   */
  private function requireUid($uid, $name, array $rows) {
    if ($rows && (int) $rows[0]->uid === $uid) {
      return;
    }
    $called = db_query('SELECT name FROM {users} WHERE uid = :uid', array(':uid' => $uid))->fetchField();
    $detail = array('uid' => $rows ? (int) $rows[0]->uid : NULL, 'name' => $called === FALSE ? NULL : $called);
    throw new AegirAccessRefusal('changed', "The user \"$name\" is not the one with uid $uid.", $detail);
  }

  private function unbind(array $args) {
    $client = $args['clientNid'];
    if ($client === NULL) {
      $named = $this->namedClient($args['client']);
      $client = $named ? (int) $named->nid : NULL;
    }
    $uid = $args['uid'];
    if ($uid === NULL && $args['user'] !== NULL) {
      $users = $this->usersNamed($args['user']);
      $uid = $users ? (int) $users[0]->uid : NULL;
    }
    if ($client === NULL || $uid === NULL) {
      return array('unbound' => FALSE);
    }
    if ($uid === 1 && $client === $this->adminClient()) {
      throw new AegirAccessRefusal('refused', 'The first user stays bound to the admin client.');
    }
    $removed = db_delete('hosting_client_user')->condition('user', $uid)->condition('client', $client)->execute();
    return array('unbound' => $removed > 0);
  }

}

$aegirAccessWorker = new AegirAccessWorker();
$aegirAccessWorker->run();
