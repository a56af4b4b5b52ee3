<?php
/**
 * @file
 * ServerFixture.ts on a real front end: evaluated by Drush, one JSON line per request and per answer. Reads and arranges the
 * tables past the worker under test.
 */

class AegirFixture {

  private $prefix;

  public function run() {
    while (($line = fgets(STDIN)) !== FALSE) {
      $request = json_decode($line, TRUE);
      $this->prefix = $request['prefix'];
      drupal_static_reset();
      $answer = call_user_func_array(array($this, $request['operation']), $request['args']);
      fwrite(STDOUT, "\nfixture " . json_encode($answer) . "\n");
    }
  }

  private function like() {
    return array(':prefix' => db_like($this->prefix) . '%');
  }

  private function state() {
    $state = array('clients' => array(), 'users' => array(), 'sites' => array(), 'tasks' => array());
    $clients = db_query("SELECT n.nid, c.uname, n.title, n.uid FROM {node} n INNER JOIN {hosting_client} c ON c.vid = n.vid WHERE c.uname LIKE :prefix ORDER BY n.nid", $this->like());
    foreach ($clients as $row) {
      $uids = db_query('SELECT user FROM {hosting_client_user} WHERE client = :nid ORDER BY user', array(':nid' => $row->nid))->fetchCol();
      $users = db_query('SELECT u.name FROM {hosting_client_user} b INNER JOIN {users} u ON u.uid = b.user WHERE b.client = :nid AND u.uid > 0 ORDER BY u.name', array(':nid' => $row->nid))->fetchCol();
      $state['clients'][] = array('nid' => (int) $row->nid, 'uname' => $row->uname, 'title' => $row->title, 'author' => (int) $row->uid, 'users' => $users, 'bindings' => array_map('intval', $uids));
    }
    foreach (db_query('SELECT uid, name, mail, status FROM {users} WHERE name LIKE :prefix ORDER BY name', $this->like()) as $row) {
      $roles = db_query('SELECT r.name FROM {users_roles} h INNER JOIN {role} r ON r.rid = h.rid WHERE h.uid = :uid ORDER BY r.name', array(':uid' => $row->uid))->fetchCol();
      $state['users'][] = array('name' => $row->name, 'mail' => $row->mail, 'status' => (int) $row->status, 'roles' => $roles);
    }
    $links = $this->links();
    $sites = db_query("SELECT n.nid, n.title, n.changed, s.client, s.status, s.verified, s.platform FROM {node} n INNER JOIN {hosting_site} s ON s.vid = n.vid WHERE n.title LIKE :prefix ORDER BY n.nid", $this->like());
    foreach ($sites as $row) {
      $state['sites'][] = array(
        'nid' => (int) $row->nid,
        'title' => $row->title,
        'client' => (int) $row->client,
        'status' => (int) $row->status,
        'verified' => (int) $row->verified,
        'platform' => (int) $row->platform,
        'changed' => (int) $row->changed,
        'links' => $row->status != HOSTING_SITE_DELETED && isset($links[$row->title]) ? $links[$row->title] : array(),
      );
      $tasks = db_query('SELECT t.nid, t.task_type, t.rid, t.task_status FROM {hosting_task} t INNER JOIN {node} n ON n.vid = t.vid WHERE t.rid = :nid ORDER BY t.nid', array(':nid' => $row->nid));
      foreach ($tasks as $task) {
        $state['tasks'][] = array('nid' => (int) $task->nid, 'type' => $task->task_type, 'rid' => (int) $task->rid, 'status' => (int) $task->task_status);
      }
    }
    usort($state['tasks'], function ($a, $b) {
      return $a['nid'] - $b['nid'];
    });
    $state['certificates'] = db_table_exists('hosting_ssl_cert') ? array() : NULL;
    foreach ($state['certificates'] === NULL ? array() : $this->certificates() as $row) {
      $state['certificates'][] = array('cid' => (int) $row->cid, 'name' => $row->ssl_key, 'client' => (int) $row->client);
    }
    $default = variable_get('hosting_default_client', 1);
    $state['defaultClient'] = array(
      'nid' => (int) $default,
      'uname' => db_query('SELECT c.uname FROM {node} n INNER JOIN {hosting_client} c ON c.vid = n.vid WHERE n.nid = :nid', array(':nid' => $default))->fetchField(),
    );
    return $state;
  }

  private function certificates() {
    return db_query('SELECT cid, ssl_key, client FROM {hosting_ssl_cert} WHERE ssl_key LIKE :prefix ORDER BY cid', $this->like())->fetchAll();
  }

  private function clientsDirectory() {
    $server = drush_sitealias_get_record('@server_master');
    return (empty($server['aegir_root']) ? getenv('HOME') : $server['aegir_root']) . '/clients';
  }

  /**
   * Directories below clients/ by the domains of their links.
   */
  private function links() {
    $root = $this->clientsDirectory();
    $links = array();
    foreach (is_dir($root) ? array_diff(scandir($root), array('.', '..')) : array() as $directory) {
      foreach (is_dir("$root/$directory") ? scandir("$root/$directory") : array() as $domain) {
        if (is_link("$root/$directory/$domain")) {
          $links[$domain][] = $directory;
        }
      }
    }
    ksort($links);
    return $links;
  }

  /**
   * Tables by the columns that count, and those columns that refer to what may be touched.
   */
  private function digest($of) {
    $clients = db_query("SELECT n.nid FROM {node} n INNER JOIN {hosting_client} c ON c.vid = n.vid WHERE c.uname LIKE :prefix", $this->like())->fetchCol();
    $sites = db_query("SELECT nid FROM {node} WHERE type = 'site' AND title LIKE :prefix", $this->like())->fetchCol();
    $tasks = $sites ? db_query('SELECT nid FROM {hosting_task} WHERE rid IN (:sites)', array(':sites' => $sites))->fetchCol() : array();
    $nids = array_flip(array_merge($clients, $sites, $tasks));
    $uids = array_flip(db_query('SELECT uid FROM {users} WHERE name LIKE :prefix', $this->like())->fetchCol());
    $tables = array(
      "SELECT nid, vid, type, title, uid, status, changed FROM {node} WHERE type IN ('client', 'site', 'task', 'platform') ORDER BY nid" => array('nid' => $nids),
      'SELECT nid, vid, uname FROM {hosting_client} ORDER BY vid' => array('nid' => $nids),
      'SELECT user, client FROM {hosting_client_user} ORDER BY user, client' => array('user' => $uids, 'client' => $nids),
      'SELECT nid, vid, client, platform, status, verified FROM {hosting_site} ORDER BY vid' => array('nid' => $nids),
      'SELECT nid, vid, alias FROM {hosting_site_alias} ORDER BY vid, alias' => array('nid' => $nids),
      'SELECT nid, vid, task_type, rid, task_status, executed FROM {hosting_task} ORDER BY vid' => array('nid' => $nids),
      'SELECT pid, cid FROM {hosting_platform_client_access} ORDER BY pid, cid' => array('cid' => $nids),
      'SELECT nid, realm, gid, grant_view, grant_update, grant_delete FROM {node_access} ORDER BY nid, realm, gid' => array('nid' => $nids, 'gid' => $nids),
      'SELECT uid, name, mail, status FROM {users} ORDER BY uid' => array('uid' => $uids),
      'SELECT uid, rid FROM {users_roles} ORDER BY uid, rid' => array('uid' => $uids),
      "SELECT name, value FROM {variable} WHERE name LIKE 'hosting_client_%' OR name IN ('hosting_default_client', 'hosting_admin_client') ORDER BY name" => array(),
    );
    if (db_table_exists('hosting_ssl_cert')) {
      $cids = array();
      foreach ($this->certificates() as $row) {
        $cids[$row->cid] = TRUE;
      }
      $tables['SELECT cid, ssl_key, client, status FROM {hosting_ssl_cert} ORDER BY cid'] = array('cid' => $cids, 'client' => $nids);
      $tables['SELECT nid, vid, ssl_enabled, ssl_key FROM {hosting_ssl_site} ORDER BY vid'] = array('nid' => $nids);
    }
    $hash = hash_init('sha256');
    $others = $of === 'others';
    foreach ($tables as $query => $references) {
      foreach (db_query($query) as $row) {
        $ours = FALSE;
        foreach ($references as $column => $ids) {
          $ours = $ours || isset($ids[$row->$column]);
        }
        if (!$others || !$ours) {
          hash_update($hash, json_encode($row) . "\n");
        }
      }
    }
    foreach ($this->links() as $domain => $directories) {
      if (!$others || strpos($domain, $this->prefix) !== 0) {
        hash_update($hash, json_encode(array($domain, $directories)) . "\n");
      }
    }
    return hash_final($hash);
  }

  private function grants($nid) {
    $grants = array();
    foreach (db_query('SELECT realm, gid, grant_view, grant_update FROM {node_access} WHERE nid = :nid ORDER BY gid', array(':nid' => $nid)) as $row) {
      $grants[] = array('realm' => $row->realm, 'gid' => (int) $row->gid, 'view' => (int) $row->grant_view, 'update' => (int) $row->grant_update);
    }
    return $grants;
  }

  /**
   * As drush hosting-task does at the start and at the end of its process.
   */
  private function startTask($nid) {
    $task = node_load($nid);
    $task->changed = $task->executed = time();
    $task->task_status = HOSTING_TASK_PROCESSING;
    $task->revision = TRUE;
    node_save($task);
  }

  private function finishTask($nid, array $end) {
    $task = node_load($nid);
    foreach ($end['log'] as $line) {
      hosting_task_log($task->vid, $line['type'], $line['message']);
    }
    db_update('hosting_task')
      ->fields(array('task_status' => $end['status'], 'executed' => $end['executed'] ? time() : NULL))
      ->condition('vid', $task->vid)
      ->execute();
  }

  private function removeTask($nid) {
    node_delete($nid);
  }

  private function addRunningTask($site) {
    $task = hosting_add_task($site, 'login-reset', array(), HOSTING_TASK_PROCESSING);
    db_update('hosting_task')->fields(array('executed' => time()))->condition('nid', $task->nid)->execute();
    return (int) $task->nid;
  }

  private function addClient(array $named) {
    $client = (object) array(
      'type' => 'client',
      'title' => $named['title'],
      'uname' => $named['uname'],
      'uid' => 1,
      'status' => 1,
      'language' => LANGUAGE_NONE,
      'email' => '',
      'revision' => FALSE,
    );
    node_save($client);
    db_update('hosting_client')->fields(array('uname' => $named['uname']))->condition('nid', $client->nid)->execute();
    return (int) $client->nid;
  }

  private function renameClient($nid, $title) {
    db_update('node')->fields(array('title' => $title))->condition('nid', $nid)->execute();
  }

  private function removeClient($nid) {
    node_delete($nid);
  }

  private function removeDirectories() {
    foreach (glob("{$this->clientsDirectory()}/{$this->prefix}*", GLOB_ONLYDIR) as $directory) {
      // Refused while there is a link in it.
      @rmdir($directory);
    }
  }

  private function addUser(array $user) {
    $role = user_role_load_by_name('aegir client');
    $user = user_save(new stdClass(), array(
      'name' => $user['name'],
      'mail' => $user['mail'],
      'init' => $user['mail'],
      'pass' => user_password(),
      'status' => 1,
      'roles' => array($role->rid => $role->name),
    ));
    return (int) $user->uid;
  }

  private function setTimes($name, array $times) {
    db_update('users')->fields($times)->condition('name', $name)->execute();
  }

  private function removeUser($name) {
    $uid = db_query('SELECT uid FROM {users} WHERE name = :name', array(':name' => $name))->fetchField();
    user_delete($uid);
  }

  private function bind($client, $uid) {
    db_insert('hosting_client_user')
      ->fields(array('user' => $uid, 'client' => $client, 'contact_type' => ''))
      ->execute();
  }

  private function unbind($client, $uid) {
    db_delete('hosting_client_user')->condition('user', $uid)->condition('client', $client)->execute();
  }

  private function setOwner($site, $client) {
    $site = node_load($site);
    $site->client = $client;
    $site->revision = FALSE;
    node_save($site);
  }

  private function addDeletedSite(array $deleted) {
    $transaction = db_transaction();
    $site = node_load($deleted['like']);
    foreach (array('nid', 'vid', 'path', 'hosting_name') as $property) {
      unset($site->$property);
    }
    $site->title = $deleted['title'];
    $site->client = $deleted['client'];
    $site->aliases = array();
    node_save($site);
    $site = node_load($site->nid, NULL, TRUE);
    $site->site_status = HOSTING_SITE_DELETED;
    $site->no_verify = TRUE;
    $site->revision = TRUE;
    node_save($site);
    hosting_task_delete_related_tasks($site->nid);
    hosting_context_delete($site->nid);
    return (int) $site->nid;
  }

  private function removeSite($nid) {
    node_delete($nid);
  }

  private function addAlias($nid, $alias) {
    $vid = db_query('SELECT vid FROM {node} WHERE nid = :nid', array(':nid' => $nid))->fetchField();
    db_insert('hosting_site_alias')
      ->fields(array('vid' => $vid, 'nid' => $nid, 'alias' => $alias, 'automatic' => 0, 'redirection' => ''))
      ->execute();
  }

  private function removeAlias($nid, $alias) {
    db_delete('hosting_site_alias')->condition('nid', $nid)->condition('alias', $alias)->execute();
  }

  private function platform() {
    $nid = db_query("SELECT nid FROM {node} WHERE type = 'platform' AND title LIKE :prefix", $this->like())->fetchField();
    return $nid ? (int) $nid : NULL;
  }

  private function restrict($platform, array $clients) {
    db_delete('hosting_platform_client_access')->condition('pid', $platform)->execute();
    foreach ($clients as $client) {
      db_insert('hosting_platform_client_access')->fields(array('pid' => $platform, 'cid' => $client))->execute();
    }
  }

  private function allowed($platform) {
    return array_map('intval', db_query('SELECT cid FROM {hosting_platform_client_access} WHERE pid = :pid ORDER BY cid', array(':pid' => $platform))->fetchCol());
  }

  private function addCertificate(array $certificate) {
    $cid = db_insert('hosting_ssl_cert')
      ->fields(array('ssl_key' => $certificate['name'], 'client' => $certificate['client'], 'status' => 0))
      ->execute();
    foreach ($certificate['sites'] as $nid) {
      db_delete('hosting_ssl_site')->condition('nid', $nid)->execute();
      foreach (db_query('SELECT vid FROM {hosting_site} WHERE nid = :nid', array(':nid' => $nid))->fetchCol() as $vid) {
        db_insert('hosting_ssl_site')
          ->fields(array('vid' => $vid, 'nid' => $nid, 'ssl_enabled' => 1, 'ssl_key' => $cid))
          ->execute();
      }
    }
    return (int) $cid;
  }

  private function removeCertificate($cid) {
    db_delete('hosting_ssl_cert')->condition('cid', $cid)->execute();
    db_update('hosting_ssl_site')
      ->fields(array('ssl_enabled' => 0, 'ssl_key' => 0))
      ->condition('ssl_key', $cid)
      ->execute();
  }

  private function setClientPrefix($prefix) {
    variable_set('hosting_client_prefix', $prefix);
  }

  private function holdLock() {
    return db_query("SELECT GET_LOCK(CONCAT('aegir_access:', DATABASE()), 60)")->fetchField();
  }

  private function releaseLock() {
    db_query("SELECT RELEASE_LOCK(CONCAT('aegir_access:', DATABASE()))");
  }

  private function passSecond() {
    time_sleep_until(floor(microtime(TRUE)) + 1);
  }

}

$aegirFixture = new AegirFixture();
$aegirFixture->run();
