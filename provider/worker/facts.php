<?php
/**
 * @file
 * What the worker says of servers, clients, sites, tasks and users ("Facts" in PROTOCOL.md). Nothing is changed here.
 */

class AegirAccessFacts {

  /**
   * Clients, and tasks of nodes that are there, each by its current revision.
   */
  const CLIENTS = "SELECT n.nid, n.title, c.uname
    FROM {node} n
    INNER JOIN {hosting_client} c ON c.vid = n.vid
    WHERE n.type = 'client'";
  const TASKS = 'SELECT t.nid, t.vid, t.rid, t.task_type, t.task_status, t.executed, n.changed
    FROM {hosting_task} t
    INNER JOIN {node} n ON n.vid = t.vid
    WHERE t.rid > 0';
  const USERS = 'SELECT uid, name, mail, status, created, login, access
    FROM {users}
    WHERE uid > 0';

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
   * Revisions that may be saved while the transaction of an earlier one is open, and so out of sight.
   */
  const OPEN_REVISIONS = 500;

  private $clientsDirectory;

  /**
   * By the nid of what they are about, the nids of all tasks that a scan of hosting_task has found; NULL before it.
   */
  private $scannedTasks;

  /**
   * The scan may have missed tasks of higher revisions than this one.
   */
  private $scannedVid;

  public function server() {
    $hosting = db_query(
      "SELECT info, schema_version
       FROM {system}
       WHERE type = 'module' AND name = 'hosting'"
    )->fetchObject();
    $info = unserialize($hosting->info);
    return array(
      'protocol' => AegirAccessSession::PROTOCOL,
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

  public function defaultClient() {
    return (int) variable_get('hosting_default_client', 1);
  }

  public function adminClient() {
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
  public function references($nids = NULL) {
    $rows = $nids === NULL ? $this->rows(self::CLIENTS) : $this->rows(self::CLIENTS, 'n.nid', $nids);
    return $this->clientReferences($rows);
  }

  /**
   * References of rows of CLIENTS, by nid.
   */
  public function clientReferences($rows) {
    $references = array();
    foreach ($rows as $row) {
      $references[$row->nid] = array('nid' => (int) $row->nid, 'internalName' => $row->uname, 'name' => $row->title);
    }
    return $references;
  }

  public function reference($nid) {
    $references = $this->references(array($nid));
    return isset($references[$nid]) ? $references[$nid] : NULL;
  }

  /**
   * ClientFacts of these references, in their order.
   */
  public function clientFacts(array $references) {
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
    $users = $this->rows(
      'SELECT b.client, u.uid, u.name, u.mail, u.status
       FROM {hosting_client_user} b
       INNER JOIN {users} u ON u.uid = b.user
       WHERE u.uid > 0',
      'b.client', $nids, 'ORDER BY u.uid'
    );
    foreach ($users as $row) {
      $facts[$row->client]['users'][] = array(
        'uid' => (int) $row->uid,
        'name' => $row->name,
        'mail' => (string) $row->mail,
        'active' => (bool) $row->status,
      );
    }
    $sites = $this->rows(
      "SELECT s.client, n.title
       FROM {node} n
       INNER JOIN {hosting_site} s ON s.vid = n.vid
       WHERE n.type = 'site' AND s.status <> -2",
      's.client', $nids
    );
    foreach ($sites as $row) {
      $facts[$row->client]['sites'][] = $row->title;
    }
    // A deleted platform keeps its rows and opens nothing. The same row may be there twice: the table has no key.
    $platforms = $this->rows(
      "SELECT DISTINCT a.pid, a.cid, n.title
       FROM {hosting_platform_client_access} a
       INNER JOIN {node} n ON n.nid = a.pid
       INNER JOIN {hosting_platform} p ON p.vid = n.vid
       WHERE n.type = 'platform' AND p.status <> -2",
      'a.cid', $nids, 'ORDER BY a.pid'
    );
    $counts = array();
    $admitted = $this->rows(
      'SELECT pid, COUNT(DISTINCT cid) AS clients
       FROM {hosting_platform_client_access}
       WHERE pid > 0',
      'pid', $this->column($platforms, 'pid'), 'GROUP BY pid'
    );
    foreach ($admitted as $row) {
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
   *
   * @param array|null $tasks
   *   Rows of all tasks of these sites, for a caller that has them already.
   */
  public function siteFacts(array $rows, $tasks = NULL) {
    if (!$rows) {
      return array();
    }
    $nids = $this->column($rows, 'nid');
    $owners = $this->references($this->column($rows, 'client'));
    $hostmaster = $this->hostmasterNids();
    $links = $this->links($this->column($rows, 'title'));
    $tasks = $tasks === NULL ? $this->tasksOfSites($nids) : $tasks;
    $active = $this->active($tasks);
    $newest = array();
    foreach ($tasks as $row) {
      if ($row->task_type === 'verify' && (!isset($newest[$row->rid]) || $newest[$row->rid]->vid < $row->vid)) {
        $newest[$row->rid] = $row;
      }
    }
    $outstanding = array();
    $lastVerify = array();
    foreach ($this->taskFacts(array_merge($active, array_values($newest))) as $index => $task) {
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

  /**
   * Rows of all tasks of a site. hosting_task has no index on rid, so the worker scans it once, and then finds a site's tasks
   * by their nids, and newer ones by their revisions: a task keeps its nid and its rid.
   */
  public function tasksOfSite($nid) {
    if ($this->scannedTasks === NULL) {
      $this->scanTasks();
    }
    $newer = db_query(
      self::TASKS . ' AND t.rid = :rid AND t.vid > :vid',
      array(':rid' => $nid, ':vid' => $this->scannedVid)
    )->fetchAll();
    $scanned = isset($this->scannedTasks[$nid]) ? $this->scannedTasks[$nid] : array();
    $tasks = array();
    foreach (array_merge($this->rows(self::TASKS, 't.nid', $scanned), $newer) as $row) {
      $tasks[$row->vid] = $row;
    }
    return $tasks;
  }

  private function scanTasks() {
    $this->scannedVid = db_query('SELECT MAX(vid) FROM {hosting_task}')->fetchField() - self::OPEN_REVISIONS;
    $this->scannedTasks = array();
    foreach (db_query('SELECT nid, rid FROM {hosting_task} WHERE rid > 0') as $row) {
      $this->scannedTasks[$row->rid][] = $row->nid;
    }
  }

  /**
   * Rows of the tasks of these sites that matter to facts: those that may be queued or running, and the newest verifies.
   */
  private function tasksOfSites(array $nids) {
    if (count($nids) === 1) {
      return $this->tasksOfSite($nids[0]);
    }
    $newest = $this->rows(
      'SELECT MAX(t.vid) AS vid
       FROM {hosting_task} t
       INNER JOIN {node} n ON n.vid = t.vid
       WHERE t.rid > 0',
      't.rid', $nids, "AND t.task_type = 'verify' GROUP BY t.rid"
    );
    $verifies = $this->rows(self::TASKS, 't.vid', $this->column($newest, 'vid'));
    $open = $this->rows(self::TASKS, 't.rid', $nids, 'AND t.task_status IN (0, -1)');
    $tasks = array();
    foreach (array_merge($verifies, $open) as $row) {
      $tasks[$row->vid] = $row;
    }
    return $tasks;
  }

  public function hostmasterNids() {
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
  public function active(array $rows) {
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
   * TaskFacts of task rows, in their order.
   *
   * @param array $ahead
   *   Their places(), for a caller that wants them: to count them takes the more time, the longer the queue is.
   */
  public function taskFacts(array $rows, array $ahead = array()) {
    $finished = array();
    foreach ($rows as $row) {
      if ($row->task_status > 1) {
        $finished[] = $row->vid;
      }
    }
    $log = array();
    $lines = $this->rows(
      "SELECT vid, type, message
       FROM {hosting_task_log}
       WHERE type IN ('error', 'failed', 'warning')",
      'vid', $finished, 'ORDER BY lid'
    );
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

  /**
   * How many tasks the queue takes before each queued one of these, by nid; the running ones come before all of them.
   */
  public function places(array $rows) {
    $queued = array();
    foreach ($rows as $row) {
      if ($row->task_status == 0) {
        $queued[$row->nid] = $row;
      }
    }
    $places = array();
    if (count($queued) <= self::COUNTED_PLACES) {
      foreach ($queued as $nid => $row) {
        $places[$nid] = (int) db_query(
          'SELECT COUNT(*)
           FROM {hosting_task} t
           INNER JOIN {node} n ON n.vid = t.vid
           WHERE t.rid > 0
             AND (t.task_status = -1 AND t.executed > :dead
               OR t.task_status = 0 AND (n.changed < :before OR n.changed = :changed AND n.nid < :nid))',
          array(
            ':dead' => time() - self::DEAD_TASK_SECONDS,
            ':before' => $row->changed,
            ':changed' => $row->changed,
            ':nid' => $nid,
          )
        )->fetchField();
      }
      return $places;
    }
    $running = count($this->runningTasks());
    $order = db_query(
      'SELECT n.nid
       FROM {hosting_task} t
       INNER JOIN {node} n ON n.vid = t.vid
       WHERE t.rid > 0 AND t.task_status = 0
       ORDER BY n.changed, n.nid'
    )->fetchCol();
    foreach ($order as $index => $nid) {
      $places[$nid] = $running + $index;
    }
    return $places;
  }

  /**
   * Rows of the running tasks of the instance.
   */
  private function runningTasks() {
    return db_query(
      self::TASKS . ' AND t.task_status = -1 AND t.executed > :dead',
      array(':dead' => time() - self::DEAD_TASK_SECONDS)
    )->fetchAll();
  }

  public function queueFacts() {
    $running = $this->runningTasks();
    return array(
      'queued' => (int) db_query(
        'SELECT COUNT(*)
         FROM {hosting_task} t
         INNER JOIN {node} n ON n.vid = t.vid
         WHERE t.rid > 0 AND t.task_status = 0'
      )->fetchField(),
      'processing' => count($running),
      'lastRun' => $this->moment(variable_get('hosting_queue_tasks_last_run', 0)),
      'obstacles' => $this->obstacles($running),
      'disks' => $this->disks(),
    );
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
      $locks = db_query(
        "SELECT name, expire
         FROM {semaphore}
         WHERE name IN ('hosting_dispatch_tasks_running', 'hosting_queue_tasks_running') AND expire > :now",
        array(':now' => microtime(TRUE))
      );
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
    $still = $this->rows(
      'SELECT t.nid, t.task_status, s.title
       FROM {hosting_task} t
       INNER JOIN {node} n ON n.vid = t.vid
       LEFT JOIN {node} s ON s.nid = t.rid
       WHERE t.task_status = -1',
      't.nid', array_keys($old)
    );
    foreach ($still as $row) {
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
   * UserFacts of rows of USERS, in their order.
   */
  public function userFacts(array $rows) {
    if (!$rows) {
      return array();
    }
    $uids = $this->column($rows, 'uid');
    $powerful = db_query(
      "SELECT DISTINCT rid
       FROM {role_permission}
       WHERE permission IN ('administer sites', 'bypass node access')"
    )->fetchCol();
    $everybody = in_array(DRUPAL_AUTHENTICATED_RID, $powerful);
    $facts = array();
    foreach ($rows as $row) {
      $facts[$row->uid] = array(
        'uid' => (int) $row->uid,
        'name' => $row->name,
        'mail' => (string) $row->mail,
        'active' => (bool) $row->status,
        'created' => $this->moment($row->created),
        'lastLogin' => $this->moment($row->login),
        'lastAccess' => $this->moment($row->access),
        'roles' => array(),
        'administrator' => $row->uid == 1 || $everybody,
        'clients' => array(),
      );
    }
    $roles = $this->rows(
      'SELECT h.uid, r.rid, r.name
       FROM {users_roles} h
       INNER JOIN {role} r ON r.rid = h.rid
       WHERE h.uid > 0',
      'h.uid', $uids, 'ORDER BY r.name'
    );
    foreach ($roles as $row) {
      $facts[$row->uid]['roles'][] = $row->name;
      if (in_array($row->rid, $powerful)) {
        $facts[$row->uid]['administrator'] = TRUE;
      }
    }
    $clients = $this->rows(
      "SELECT b.user, c.uname
       FROM {hosting_client_user} b
       INNER JOIN {node} n ON n.nid = b.client
       INNER JOIN {hosting_client} c ON c.vid = n.vid
       WHERE n.type = 'client'",
      'b.user', $uids
    );
    foreach ($clients as $row) {
      $facts[$row->user]['clients'][] = $row->uname;
    }
    foreach ($facts as &$user) {
      sort($user['clients'], SORT_STRING);
    }
    return array_values($facts);
  }

  /**
   * A time as Drupal stores it, NULL for one that never was.
   */
  private function moment($stored) {
    return $stored > 0 ? (int) $stored : NULL;
  }

  public function usersNamed($name) {
    $rows = array();
    $named = db_query(self::USERS . ' AND name = :name', array(':name' => $name));
    foreach ($named as $row) {
      if ($this->same($row->name, $name)) {
        $rows[] = $row;
      }
    }
    return $rows;
  }

  public function usersWithMail($mail) {
    $rows = array();
    $mailed = db_query(self::USERS . ' AND mail = :mail ORDER BY uid', array(':mail' => $mail));
    foreach ($mailed as $row) {
      if ($mail !== '' && $this->same($row->mail, $mail)) {
        $rows[] = $row;
      }
    }
    return $rows;
  }

  /**
   * MySQL's collations take "jose" for "josé"; a person is the same only if nothing but the case differs.
   */
  public function same($a, $b) {
    return drupal_strtolower($a) === drupal_strtolower($b);
  }

  /**
   * Rows of a query: all of them, or those whose column has one of the values. The SQL and the column are constants.
   */
  public function rows($sql, $column = NULL, $values = NULL, $end = '') {
    if ($column === NULL) {
      return db_query($sql . $end)->fetchAll();
    }
    $rows = array();
    foreach (array_chunk(array_unique($values), self::IN_VALUES) as $chunk) {
      $rows = array_merge($rows, db_query("$sql AND $column IN (:values) $end", array(':values' => $chunk))->fetchAll());
    }
    return $rows;
  }

  public function column(array $rows, $name) {
    $values = array();
    foreach ($rows as $row) {
      $values[] = is_object($row) ? $row->$name : $row[$name];
    }
    return $values;
  }

}
