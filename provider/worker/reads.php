<?php
/**
 * @file
 * The worker's reads: one public method for each verb ("Reads" in PROTOCOL.md), without lock and without transaction.
 */

class AegirAccessReads {

  private $facts;

  public function __construct(AegirAccessFacts $facts) {
    $this->facts = $facts;
  }

  public function inventory() {
    $sites = $this->facts->rows(
      "SELECT n.nid, n.title, s.client, s.status
       FROM {node} n
       INNER JOIN {hosting_site} s ON s.vid = n.vid
       WHERE n.type = 'site' AND s.status <> -2
       ORDER BY n.title, n.nid"
    );
    $users = $this->facts->rows(AegirAccessFacts::USERS . ' ORDER BY uid');
    return array(
      'server' => $this->facts->server(),
      'clients' => $this->facts->clientFacts($this->facts->references()),
      'sites' => $this->facts->siteFacts($sites),
      'users' => $this->facts->userFacts($users),
      'platforms' => $this->platforms(),
      'orphanBindings' => $this->orphanBindings(),
      'damaged' => $this->damaged(),
      'queue' => $this->facts->queueFacts(),
    );
  }

  private function platforms() {
    $platforms = array();
    $rows = db_query(
      "SELECT n.nid, n.title, p.status
       FROM {node} n
       INNER JOIN {hosting_platform} p ON p.vid = n.vid
       WHERE n.type = 'platform' AND p.status <> -2
       ORDER BY n.nid"
    );
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
    $rows = db_query(
      "SELECT b.user, u.name, b.client, c.uname
       FROM {hosting_client_user} b
       LEFT JOIN {users} u ON u.uid = b.user AND u.uid > 0
       LEFT JOIN {node} n ON n.nid = b.client AND n.type = 'client'
       LEFT JOIN {hosting_client} c ON c.vid = n.vid
       WHERE u.uid IS NULL OR c.vid IS NULL
       ORDER BY b.user, b.client"
    );
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
    $rows = db_query(
      "SELECT n.nid, n.type, n.title
       FROM {node} n
       LEFT JOIN {hosting_client} c ON c.vid = n.vid
       LEFT JOIN {hosting_site} s ON s.vid = n.vid
       WHERE (n.type = 'client' AND c.vid IS NULL) OR (n.type = 'site' AND s.vid IS NULL)
       ORDER BY n.nid"
    );
    foreach ($rows as $row) {
      $damaged[] = array('nid' => (int) $row->nid, 'type' => $row->type, 'title' => $row->title);
    }
    return $damaged;
  }

  public function client(array $args) {
    $found = NULL;
    $sameShellName = array();
    $shellName = $this->shellName($args['internalName']);
    // The database finds what may be the same, the client itself among it, and no client is read for nothing.
    $like = '%' . implode('%', str_split($shellName)) . '%';
    $alike = db_query(AegirAccessFacts::CLIENTS . ' AND LOWER(c.uname) LIKE :like', array(':like' => $like));
    foreach ($this->facts->clientReferences($alike) as $reference) {
      if ($reference['internalName'] === $args['internalName']) {
        $found = $reference;
      }
      elseif ($this->shellName($reference['internalName']) === $shellName) {
        $sameShellName[] = $reference['internalName'];
      }
    }
    $sameName = array();
    if ($args['name'] !== NULL) {
      $titled = db_query(AegirAccessFacts::CLIENTS . ' AND n.title = :name', array(':name' => $args['name']));
      foreach ($this->facts->clientReferences($titled) as $reference) {
        $other = $reference['internalName'] !== $args['internalName'];
        if ($other && $this->facts->same($reference['name'], $args['name'])) {
          $sameName[] = $reference['internalName'];
        }
      }
    }
    sort($sameName, SORT_STRING);
    sort($sameShellName, SORT_STRING);
    $clients = $found ? $this->facts->clientFacts(array($found['nid'] => $found)) : array(NULL);
    return array('client' => $clients[0], 'sameName' => $sameName, 'sameShellName' => $sameShellName);
  }

  public function clientReference(array $args) {
    $found = NULL;
    $named = db_query(AegirAccessFacts::CLIENTS . ' AND c.uname = :uname', array(':uname' => $args['internalName']));
    foreach ($this->facts->clientReferences($named) as $reference) {
      // The database compares without regard to case and accents.
      if ($reference['internalName'] === $args['internalName']) {
        $found = $reference;
      }
    }
    return array('client' => $found);
  }

  /**
   * What BOA makes the login of a client from.
   */
  private function shellName($internalName) {
    return preg_replace('/[^a-z0-9]/', '', strtolower($internalName));
  }

  public function site(array $args) {
    $rows = array();
    $deleted = 0;
    $titled = db_query(
      "SELECT n.nid, n.title, s.client, s.status
       FROM {node} n
       INNER JOIN {hosting_site} s ON s.vid = n.vid
       WHERE n.type = 'site' AND n.title = :title
       ORDER BY n.nid",
      array(':title' => $args['site'])
    );
    foreach ($titled as $row) {
      if ($this->facts->same($row->title, $args['site'])) {
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
      $alias = db_query(
        "SELECT n.title
         FROM {hosting_site_alias} a
         INNER JOIN {node} n ON n.vid = a.vid
         INNER JOIN {hosting_site} s ON s.vid = n.vid
         WHERE n.type = 'site' AND s.status <> -2 AND a.alias = :alias AND n.title <> :alias2
         ORDER BY n.nid",
        array(':alias' => $args['site'], ':alias2' => $args['site'])
      )->fetchField();
    }
    return array('sites' => $this->facts->siteFacts($rows), 'deleted' => $deleted, 'aliasOf' => $alias === FALSE ? NULL : $alias);
  }

  public function user(array $args) {
    if ($args['uid'] !== NULL) {
      $rows = db_query(AegirAccessFacts::USERS . ' AND uid = :uid', array(':uid' => $args['uid']))->fetchAll();
    }
    elseif ($args['name'] === NULL) {
      $rows = $args['mail'] === NULL ? array() : $this->facts->usersWithMail($args['mail']);
    }
    else {
      $rows = $this->facts->usersNamed($args['name']);
    }
    return array('users' => $this->facts->userFacts($rows));
  }

  public function tasks(array $args) {
    $rows = $this->facts->rows(AegirAccessFacts::TASKS, 't.nid', $args['nids']);
    return array(
      'tasks' => $this->facts->taskFacts($rows, $this->facts->places($rows)),
      'queue' => $this->facts->queueFacts(),
    );
  }

}
