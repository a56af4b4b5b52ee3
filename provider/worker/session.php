<?php
/**
 * @file
 * The worker's session: framing, the table of verbs, and the lock and the transaction around each write (PROTOCOL.md).
 *
 * The worker runs inside Drush 8 on an Aegir 3 front end (Drupal 7). Its four files are sent as one over standard
 * input, this one last, and evaluated; nothing of it is stored on the server. Syntax of PHP 5.6 to 8.3. Data of a
 * request reaches the database as bound parameters only.
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
 * Requests from standard input, one after the other, answers to standard output.
 */
class AegirAccessSession {

  const PROTOCOL = 1;

  /**
   * How long a write waits for the database lock, and for a row lock that somebody else holds.
   */
  const LOCK_SECONDS = 10;
  const ROW_LOCK_SECONDS = 15;

  /**
   * Every verb with its arguments: names as in protocol.ts, types as gettype() calls them, "?" where null is allowed.
   */
  private static $verbs = array(
    'hello' => array('write' => FALSE, 'args' => array('protocol' => 'integer', 'marker' => 'string')),
    'inventory' => array('write' => FALSE, 'args' => array()),
    'client' => array('write' => FALSE, 'args' => array('internalName' => 'string', 'name?' => 'string')),
    'clientReference' => array('write' => FALSE, 'args' => array('internalName' => 'string')),
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
      'args' => array('internalName' => 'string', 'nid?' => 'integer', 'dropBindings' => 'boolean', 'dropPlatforms' => 'boolean', 'replaceLast?' => 'boolean'),
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

  /**
   * Whether a failed write has left Drupal's idea of its transaction behind, so that no other may follow.
   */
  private $broken = FALSE;

  private $facts;

  public function __construct() {
    $this->facts = new AegirAccessFacts();
  }

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
      $number = self::databaseError($throwable);
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
  public static function databaseError($throwable) {
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
    if (self::$verbs[$verb]['write']) {
      return $this->transact($verb, $args);
    }
    $reads = new AegirAccessReads($this->facts);
    return $reads->$verb($args);
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
      throw new AegirAccessRefusal('internal', 'Drush has not started an Aegir front end here: its database is down, or the alias names another site.', array(
        'reason' => 'bootstrap',
      ), TRUE);
    }
    $stored = array_map('unserialize', db_query('SELECT name, value FROM {variable}')->fetchAllKeyed());
    $settings = array();
    foreach ($GLOBALS['conf'] as $name => $value) {
      if (!array_key_exists($name, $stored) || $stored[$name] !== $value) {
        $settings[$name] = $value;
      }
    }
    $server = $this->facts->server();
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
    $writes = new AegirAccessWrites($this->facts);
    $failure = NULL;
    $transaction = NULL;
    $committing = FALSE;
    try {
      $transaction = db_transaction();
      $result = $writes->$verb($args);
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
      return $writes->withWelcome($verb, $result);
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
      $holder = db_query(
        'SELECT host, time
         FROM information_schema.processlist
         WHERE id = :id',
        array(':id' => $connection)
      )->fetchAssoc();
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

}

$aegirAccessSession = new AegirAccessSession();
$aegirAccessSession->run();
