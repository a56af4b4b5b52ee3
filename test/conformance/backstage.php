<?php
/**
 * @file
 * Backstage.ts on a real front end: evaluated by Drush, one JSON line per request and per answer. Reads and arranges the
 * tables past the worker under test.
 */

class AegirBackstage {

  private $prefix;

  public function run() {
    while (($line = fgets(STDIN)) !== FALSE) {
      $request = json_decode($line, TRUE);
      $this->prefix = $request['prefix'];
      drupal_static_reset();
      $operation = $request['operation'];
      fwrite(STDOUT, "\nbackstage " . json_encode($this->$operation($request)) . "\n");
    }
  }

  private function like() {
    return array(':prefix' => db_like($this->prefix) . '%');
  }

  private function state() {
    $state = array('clients' => array(), 'users' => array(), 'sites' => array(), 'tasks' => array());
    $clients = db_query("SELECT n.nid, c.uname, n.title, n.uid FROM {node} n INNER JOIN {hosting_client} c ON c.vid = n.vid WHERE c.uname LIKE :prefix ORDER BY n.nid", $this->like());
    foreach ($clients as $row) {
      $users = db_query('SELECT u.name FROM {hosting_client_user} b INNER JOIN {users} u ON u.uid = b.user WHERE b.client = :nid ORDER BY u.name', array(':nid' => $row->nid))->fetchCol();
      $state['clients'][] = array('nid' => (int) $row->nid, 'uname' => $row->uname, 'title' => $row->title, 'author' => (int) $row->uid, 'users' => $users);
    }
    foreach (db_query('SELECT uid, name, mail, status FROM {users} WHERE name LIKE :prefix ORDER BY name', $this->like()) as $row) {
      $roles = db_query('SELECT r.name FROM {users_roles} h INNER JOIN {role} r ON r.rid = h.rid WHERE h.uid = :uid ORDER BY r.name', array(':uid' => $row->uid))->fetchCol();
      $state['users'][] = array('name' => $row->name, 'mail' => $row->mail, 'status' => (int) $row->status, 'roles' => $roles);
    }
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
      );
      $tasks = db_query('SELECT t.nid, t.task_type, t.rid, t.task_status FROM {hosting_task} t INNER JOIN {node} n ON n.vid = t.vid WHERE t.rid = :nid ORDER BY t.nid', array(':nid' => $row->nid));
      foreach ($tasks as $task) {
        $state['tasks'][] = array('nid' => (int) $task->nid, 'type' => $task->task_type, 'rid' => (int) $task->rid, 'status' => (int) $task->task_status);
      }
    }
    usort($state['tasks'], function ($a, $b) {
      return $a['nid'] - $b['nid'];
    });
    return $state;
  }

  private function grants(array $request) {
    $grants = array();
    foreach (db_query('SELECT realm, gid, grant_view, grant_update FROM {node_access} WHERE nid = :nid ORDER BY gid', array(':nid' => $request['nid'])) as $row) {
      $grants[] = array('realm' => $row->realm, 'gid' => (int) $row->gid, 'view' => (int) $row->grant_view, 'update' => (int) $row->grant_update);
    }
    return $grants;
  }

  /**
   * As drush hosting-task does at the start and at the end of its process.
   */
  private function startTask(array $request) {
    $task = node_load($request['nid']);
    $task->changed = $task->executed = time();
    $task->task_status = HOSTING_TASK_PROCESSING;
    $task->revision = TRUE;
    node_save($task);
  }

  private function finishTask(array $request) {
    $task = node_load($request['nid']);
    foreach ($request['log'] as $line) {
      hosting_task_log($task->vid, $line['type'], $line['message']);
    }
    db_update('hosting_task')
      ->fields(array('task_status' => $request['status'], 'executed' => $request['executed'] ? time() : NULL))
      ->condition('vid', $task->vid)
      ->execute();
  }

  private function removeTask(array $request) {
    node_delete($request['nid']);
  }

  private function removeUser(array $request) {
    $uid = db_query('SELECT uid FROM {users} WHERE name = :name', array(':name' => $request['name']))->fetchField();
    user_delete($uid);
  }

  private function addDeletedSite(array $request) {
    $transaction = db_transaction();
    $site = node_load($request['like']);
    foreach (array('nid', 'vid', 'path', 'hosting_name') as $property) {
      unset($site->$property);
    }
    $site->title = $request['title'];
    $site->client = $request['client'];
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

  private function removeSite(array $request) {
    node_delete($request['nid']);
  }

  private function addAlias(array $request) {
    $vid = db_query('SELECT vid FROM {node} WHERE nid = :nid', array(':nid' => $request['nid']))->fetchField();
    db_insert('hosting_site_alias')
      ->fields(array('vid' => $vid, 'nid' => $request['nid'], 'alias' => $request['alias'], 'automatic' => 0, 'redirection' => ''))
      ->execute();
  }

  private function removeAlias(array $request) {
    db_delete('hosting_site_alias')->condition('nid', $request['nid'])->condition('alias', $request['alias'])->execute();
  }

  private function platform() {
    $nid = db_query("SELECT nid FROM {node} WHERE type = 'platform' AND title LIKE :prefix", $this->like())->fetchField();
    return $nid ? (int) $nid : NULL;
  }

  private function restrict(array $request) {
    db_delete('hosting_platform_client_access')->condition('pid', $request['platform'])->execute();
    foreach ($request['clients'] as $client) {
      db_insert('hosting_platform_client_access')->fields(array('pid' => $request['platform'], 'cid' => $client))->execute();
    }
  }

  private function holdLock() {
    return db_query("SELECT GET_LOCK(CONCAT('aegir_access:', DATABASE()), 60)")->fetchField();
  }

  private function releaseLock() {
    db_query("SELECT RELEASE_LOCK(CONCAT('aegir_access:', DATABASE()))");
  }

}

$aegirBackstage = new AegirBackstage();
$aegirBackstage->run();
