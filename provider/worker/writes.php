<?php
/**
 * @file
 * The worker's writes: one public method for each verb ("Writes" in PROTOCOL.md). The session runs each on a new object
 * and in a transaction of its own.
 */

class AegirAccessWrites {

  private $facts;

  /**
   * The user to be mailed once the transaction is committed: uid and password, or NULL.
   */
  private $welcome;

  public function __construct(AegirAccessFacts $facts) {
    $this->facts = $facts;
  }

  public function createClient(array $args) {
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
      if (AegirAccessSession::databaseError($duplicate) !== 1062) {
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

  /**
   * Refuses what Aegir would store as something else: it sanitises the internal name on every save.
   */
  private function requireStableInternalName($internalName) {
    $stored = hosting_client_sanitize($internalName);
    if ($stored !== $internalName) {
      throw new AegirAccessRefusal('refused', "Aegir would store the internal name \"$internalName\" as \"$stored\".", array(
        'internalName' => $stored,
      ));
    }
  }

  private function requireFreeInternalName($internalName) {
    $taken = db_query(
      'SELECT nid
       FROM {hosting_client}
       WHERE uname = :uname',
      array(':uname' => $internalName)
    )->fetchField();
    if ($taken) {
      throw new AegirAccessRefusal('exists', "The internal name \"$internalName\" is taken.", array(
        'client' => $this->facts->reference((int) $taken),
      ));
    }
  }

  private function requireStored($what, $asked, $stored) {
    if ($asked !== $stored) {
      throw new AegirAccessRefusal('refused', "Aegir stored the $what \"$asked\" as \"$stored\"; this was undone.", array(
        'stored' => $stored,
      ));
    }
  }

  private function freshClientFacts($nid) {
    $facts = $this->facts->clientFacts($this->facts->references(array($nid)));
    return $facts[0];
  }

  public function renameClient(array $args) {
    $row = $this->lockedClient($args['internalName'], $args['nid']);
    if ($row->title !== $args['from']) {
      throw new AegirAccessRefusal('changed', "The client \"{$row->uname}\" is named \"{$row->title}\", not \"{$args['from']}\".", array(
        'found' => $row->title,
      ));
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

  public function deleteClient(array $args) {
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
      $detail['users'] = $this->facts->column($client['users'], 'name');
    }
    $default = $this->facts->reference($this->facts->defaultClient());
    $platforms = array();
    $replaced = array();
    foreach ($client['platforms'] as $platform) {
      $isLast = $platform['clients'] < 2;
      if (!$args['dropPlatforms'] || ($isLast && !($args['replaceLast'] && $default))) {
        $platforms[] = $platform;
      }
      elseif ($isLast) {
        $replaced[] = $platform['nid'];
      }
    }
    if ($platforms) {
      $detail['platforms'] = $platforms;
    }
    if ($detail) {
      throw new AegirAccessRefusal('refused', "The client \"{$row->uname}\" still has what it must not lose silently: " . implode(', ', array_keys($detail)) . '.', $detail);
    }
    // Deleted sites have no grants worth keeping; a save of theirs must not meet the nid of a client that is gone.
    if ($default) {
      db_update('hosting_site')
        ->fields(array('client' => $default['nid']))
        ->condition('client', $row->nid)
        ->condition('status', -2)
        ->execute();
    }
    foreach ($replaced as $platform) {
      db_insert('hosting_platform_client_access')->fields(array('pid' => $platform, 'cid' => $default['nid']))->execute();
    }
    if ($args['dropPlatforms']) {
      db_delete('hosting_platform_client_access')->condition('cid', $row->nid)->execute();
    }
    node_delete($row->nid);
    if ($this->facts->reference((int) $row->nid)) {
      throw new AegirAccessRefusal('refused', "Aegir did not delete the client \"{$row->uname}\"; this was undone.");
    }
    return array('deleted' => TRUE);
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
    $known = $nid === NULL ? NULL : $this->facts->reference($nid);
    if ($found || $known) {
      throw new AegirAccessRefusal('changed', "The client \"$internalName\" is not the one with the nid $nid.", array(
        'nid' => $found ? (int) $found->nid : NULL,
        'internalName' => $known ? $known['internalName'] : NULL,
      ));
    }
    throw new AegirAccessRefusal('missing', "There is no client with the internal name \"$internalName\".", array(
      'what' => 'client',
    ));
  }

  /**
   * The row of the client with this internal name, locked; NULL if there is none.
   */
  private function namedClient($internalName) {
    foreach (db_query(AegirAccessFacts::CLIENTS . ' AND c.uname = :uname FOR UPDATE', array(':uname' => $internalName)) as $row) {
      if ($row->uname === $internalName) {
        return $row;
      }
    }
    return NULL;
  }

  public function ensureUser(array $args) {
    $client = $this->lockedClient($args['client']);
    return array('user' => $this->ensureUserOf($client->nid, $args['user']));
  }

  /**
   * Sees to it that a user with this mail is bound: one that is, one that exists, or a new one.
   */
  private function ensureUserOf($client, array $user) {
    $rows = $this->facts->usersWithMail($user['mail']);
    foreach ($rows as $row) {
      if ($this->isBound($client, $row->uid)) {
        return array('uid' => (int) $row->uid, 'name' => $row->name, 'created' => FALSE, 'bound' => FALSE);
      }
    }
    if (count($rows) > 1) {
      throw new AegirAccessRefusal('refused', "Several users have the mail \"{$user['mail']}\"; bind the right one by name.", array(
        'users' => $this->facts->column($rows, 'name'),
      ));
    }
    $created = !$rows;
    if ($created) {
      $rows = array($this->makeUser($user['name'], $user['mail'], $user['welcomeMail']));
    }
    $this->bindUser($client, $rows[0]->uid);
    return array('uid' => (int) $rows[0]->uid, 'name' => $rows[0]->name, 'created' => $created, 'bound' => TRUE);
  }

  private function isBound($client, $uid) {
    return (bool) db_query(
      'SELECT 1
       FROM {hosting_client_user}
       WHERE user = :uid AND client = :client',
      array(':uid' => $uid, ':client' => $client)
    )->fetchField();
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
      throw new AegirAccessRefusal('refused', 'The role "aegir client" does not exist here, so no user can be made.', array(
        'role' => 'aegir client',
      ));
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
      throw new AegirAccessRefusal('mailTaken', "The user \"$mailed\" has the mail \"$mail\".", array(
        'user' => $mailed,
      ));
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
    $this->requireStored('user name', $name, db_query(
      'SELECT name
       FROM {users}
       WHERE uid = :uid',
      array(':uid' => $account->uid)
    )->fetchField());
    if ($welcomeMail) {
      $this->welcome = array('uid' => $account->uid, 'password' => $password);
    }
    return $account;
  }

  /**
   * The result of a committed write, with whether the welcome mail that it asked for went out; sends it as
   * hosting_client_register_user() does.
   */
  public function withWelcome($verb, array $result) {
    if ($this->welcome === NULL) {
      return $result;
    }
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
      $language = user_preferred_language($account);
      $key = 'hosting-client-register-welcome';
      $message = drupal_mail('hosting_client', $key, $account->mail, $language, $params, $from, TRUE);
      $sent = !empty($message['result']);
    }
    catch (Exception $failed) {
    }
    catch (Throwable $failed) {
    }
    if ($verb === 'bind') {
      $result['mailed'] = $sent;
    }
    else {
      $result['user']['mailed'] = $sent;
    }
    return $result;
  }

  public function setOwner(array $args) {
    $site = $this->lockedSite($args['nid']);
    if (in_array((int) $site->nid, $this->facts->hostmasterNids(), TRUE)) {
      throw new AegirAccessRefusal('refused', "\"{$site->title}\" is the front end's own site and stays with its owner.");
    }
    $to = $this->newOwner($args['to'], $args['toNid']);
    if ((int) $site->client !== $args['from']) {
      throw new AegirAccessRefusal('changed', "The site \"{$site->title}\" is owned by another client by now.", array(
        'found' => (int) $site->client,
        'owner' => $this->facts->reference((int) $site->client),
      ));
    }
    $tasks = $this->facts->tasksOfSite($site->nid);
    $this->requireNoRunningTask($site, $tasks);
    // One column, not node_save(): that writes every column of a loaded site, runs the hooks of every module, and queues
    // a verify of its own whose grants are those of the old owner.
    db_update('hosting_site')
      ->fields(array('client' => $to))
      ->condition('nid', $site->nid)
      ->condition('vid', $site->vid)
      ->condition('client', $args['from'])
      ->execute();
    $certificateLeft = $this->moveCertificate($site->vid, $args['from'], $to);
    entity_get_controller('node')->resetCache(array($site->nid));
    $task = $this->ensureVerify($site->nid, $tasks);
    $nids = array_merge($this->facts->column($tasks, 'nid'), array($task));
    $this->acquireGrants($site->nid, $nids);
    $row = $this->lockedSite($site->nid);
    // Not the number of rows that the update changed: it is 0 if the owner is the same.
    if ((int) $row->client !== $to) {
      throw new Exception('The new owner was not stored.');
    }
    $sites = $this->facts->siteFacts(array($row), $this->facts->rows(AegirAccessFacts::TASKS, 't.nid', $nids));
    return array(
      'site' => $sites[0],
      'task' => $this->taskOf($task, $sites[0]['tasks']),
      'certificateLeft' => $certificateLeft,
    );
  }

  /**
   * Moves the record of the certificate of a site that has its new owner, unless another client's live site uses it.
   *
   * @return array|null
   *   The CertificateLeft if the record is not the new owner's now.
   */
  private function moveCertificate($vid, $from, $to) {
    // The module hosting_ssl is optional.
    if (!db_table_exists('hosting_ssl_cert')) {
      return NULL;
    }
    $certificate = db_query(
      'SELECT k.cid, k.ssl_key, k.client
       FROM {hosting_ssl_site} x
       INNER JOIN {hosting_ssl_cert} k ON k.cid = x.ssl_key
       WHERE x.vid = :vid
       FOR UPDATE',
      array(':vid' => $vid)
    )->fetchObject();
    if (!$certificate || (int) $certificate->client === $to) {
      return NULL;
    }
    $otherSites = (int) db_query(
      "SELECT COUNT(*)
       FROM {hosting_ssl_site} x
       INNER JOIN {node} n ON n.vid = x.vid
       INNER JOIN {hosting_site} s ON s.vid = n.vid
       WHERE x.ssl_key = :cid AND s.status <> -2 AND s.client <> :to",
      array(':cid' => $certificate->cid, ':to' => $to)
    )->fetchField();
    $owner = $this->facts->reference((int) $certificate->client);
    // A client that is gone needs it no more.
    if ($otherSites > 0 || ($owner && $owner['nid'] !== $from)) {
      return array('name' => $certificate->ssl_key, 'owner' => $owner, 'otherSites' => $otherSites);
    }
    db_update('hosting_ssl_cert')
      ->fields(array('client' => $to))
      ->condition('cid', $certificate->cid)
      ->condition('client', $certificate->client)
      ->execute();
    return NULL;
  }

  /**
   * The row of a live site, locked; refuses if there is none.
   */
  private function lockedSite($nid) {
    $row = db_query(
      "SELECT n.nid, n.vid, n.title, s.client, s.status
       FROM {node} n
       INNER JOIN {hosting_site} s ON s.vid = n.vid
       WHERE n.nid = :nid AND n.type = 'site' AND s.status <> -2
       FOR UPDATE",
      array(':nid' => $nid)
    )->fetchObject();
    if (!$row) {
      throw new AegirAccessRefusal('missing', "There is no live site with the nid $nid.", array('what' => 'site'));
    }
    return $row;
  }

  /**
   * The nid of the client that a site goes to, its row locked so that it cannot go meanwhile.
   */
  private function newOwner($internalName, $nid) {
    if ($internalName !== NULL) {
      return (int) $this->lockedClient($internalName, $nid)->nid;
    }
    $default = $this->facts->reference($this->facts->defaultClient());
    if (!$default) {
      throw new AegirAccessRefusal('missing', 'The variable hosting_default_client names no client, so there is no default owner.', array(
        'what' => 'client',
      ));
    }
    return (int) $this->lockedClient($default['internalName'])->nid;
  }

  /**
   * A running task saves the site as it was when the task began, and so would take the new owner back.
   */
  private function requireNoRunningTask($site, array $tasks) {
    foreach ($this->facts->active($tasks) as $row) {
      if ($row->task_status == -1) {
        $facts = $this->facts->taskFacts(array($row));
        throw new AegirAccessRefusal('busy', "The task \"{$row->task_type}\" of the site \"{$site->title}\" is running.", array(
          'task' => $facts[0],
        ));
      }
    }
  }

  /**
   * The nid of a queued verify of this site: one that is there (it will read the site when it starts), or a new one.
   */
  private function ensureVerify($nid, array $tasks) {
    foreach ($this->facts->active($tasks) as $row) {
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

  private function taskOf($nid, array $tasks) {
    foreach ($tasks as $task) {
      if ($task['nid'] === $nid) {
        return $task;
      }
    }
    throw new Exception("The task $nid is not there.");
  }

  public function queueVerify(array $args) {
    $site = $this->lockedSite($args['nid']);
    $task = $this->ensureVerify($site->nid, $this->facts->tasksOfSite($site->nid));
    $rows = $this->facts->rows(AegirAccessFacts::TASKS, 't.nid', array($task));
    return array('task' => $this->taskOf($task, $this->facts->taskFacts($rows)));
  }

  public function bind(array $args) {
    $client = $this->lockedClient($args['client'], $args['clientNid']);
    $rows = $this->facts->usersNamed($args['user']);
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
      if (!$created && $args['createUser'] && !$this->facts->same($user->mail, $args['createUser']['mail'])) {
        throw new AegirAccessRefusal('refused', "The user \"{$user->name}\" has the mail \"{$user->mail}\", not \"{$args['createUser']['mail']}\".", array(
          'mail' => $user->mail,
        ));
      }
      $this->bindUser($client->nid, $user->uid);
    }
    $users = $this->facts->userFacts($this->facts->usersNamed($user->name));
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

  public function unbind(array $args) {
    $client = $args['clientNid'];
    if ($client === NULL) {
      $named = $this->namedClient($args['client']);
      $client = $named ? (int) $named->nid : NULL;
    }
    $uid = $args['uid'];
    if ($uid === NULL && $args['user'] !== NULL) {
      $users = $this->facts->usersNamed($args['user']);
      $uid = $users ? (int) $users[0]->uid : NULL;
    }
    if ($client === NULL || $uid === NULL) {
      return array('unbound' => FALSE);
    }
    if ($uid === 1 && $client === $this->facts->adminClient()) {
      throw new AegirAccessRefusal('refused', 'The first user stays bound to the admin client.');
    }
    $removed = db_delete('hosting_client_user')->condition('user', $uid)->condition('client', $client)->execute();
    return array('unbound' => $removed > 0);
  }

}
