<?php
/**
 * @file
 * The hosting modules of BOA's fork as far as nodes are concerned: clients, sites, their aliases and contexts, platforms,
 * tasks, and who may see them. Their silent mistakes are theirs.
 */

define('HOSTING_CLIENT_MAX_GROUP_LENGTH', 16);
define('HOSTING_SITE_DELETED', -2);
define('HOSTING_SITE_DISABLED', -1);
define('HOSTING_SITE_QUEUED', 0);
define('HOSTING_SITE_ENABLED', 1);
define('HOSTING_PLATFORM_ENABLED', 1);
define('HOSTING_TASK_PROCESSING', -1);
define('HOSTING_TASK_QUEUED', 0);
define('HOSTING_TASK_SUCCESS', 1);
define('HOSTING_TASK_ERROR', 2);
define('HOSTING_TASK_WARNING', 3);

/**
 * Once a process, at the start.
 */
function hosting_init() {
  define('HOSTING_DEFAULT_CLIENT', (int) variable_get('hosting_default_client', 1));
  define('HOSTING_ADMIN_CLIENT', (int) variable_get('hosting_admin_client', 1));
}

/**
 * Puts the columns of a row into a node; numbers become integers.
 */
function hosting_add_columns($node, $row) {
  foreach ($row ? (array) $row : array() as $name => $value) {
    $node->$name = is_numeric($value) ? (int) $value : $value;
  }
}

function hosting_context_register($nid, $name) {
  db_query('REPLACE INTO {hosting_context} (nid, name) VALUES (:nid, :name)', array(':nid' => $nid, ':name' => $name));
}

function hosting_context_delete($nid) {
  db_delete('hosting_context')->condition('nid', $nid)->execute();
}

/**
 * Grants of view and update to the owner and to the admin client; none for what is no node of hosting, which is then open.
 */
function hosting_client_node_access_records($node) {
  $realm = "hosting {$node->type}";
  $update = $node->type === 'task' ? 0 : 1;
  if ($node->type === 'task') {
    // What the cache has, which during a save is the site as it was before.
    $node = node_load($node->rid);
  }
  $gids = array();
  if ($node && $node->type === 'site' && isset($node->client)) {
    $gids = array($node->client, HOSTING_ADMIN_CLIENT);
  }
  elseif ($node && $node->type === 'client') {
    $gids = array($node->nid, HOSTING_ADMIN_CLIENT);
  }
  elseif ($node && $node->type === 'platform') {
    $gids = array(HOSTING_ADMIN_CLIENT);
  }
  $grants = array();
  foreach (array_unique($gids) as $gid) {
    $grants[] = array('realm' => $realm, 'gid' => $gid, 'grant_view' => 1, 'grant_update' => $update, 'grant_delete' => 0);
  }
  return $grants;
}

// Clients.

/**
 * The prefix goes into the expression as it is.
 */
function hosting_client_sanitize($title) {
  $prefix = variable_get('hosting_client_prefix', '');
  $title = preg_replace("/^$prefix/", '', $title);
  return substr(strtolower($prefix . preg_replace('/\W/', '', $title)), 0, HOSTING_CLIENT_MAX_GROUP_LENGTH);
}

/**
 * A number is the nid of any node, everything else a title.
 */
function hosting_get_client($client) {
  if (is_numeric($client)) {
    return node_load($client);
  }
  $nodes = node_load_multiple(array(), array('type' => 'client', 'title' => $client));
  return reset($nodes);
}

function hosting_get_client_by_uname($uname) {
  $nid = db_query("SELECT c.nid FROM {hosting_client} c JOIN {node} n ON c.nid = n.nid WHERE c.uname = :uname AND n.type = 'client'", array(':uname' => $uname))->fetchField();
  return $nid ? node_load($nid) : FALSE;
}

function hosting_client_load($node) {
  $uname = db_query('SELECT uname FROM {hosting_client} WHERE vid = :vid', array(':vid' => $node->vid))->fetchField();
  if ($uname !== FALSE) {
    $node->uname = $uname;
  }
}

function hosting_client_insert($node) {
  $node->uname = hosting_client_sanitize(empty($node->uname) ? $node->title : $node->uname);
  db_insert('hosting_client')->fields(array('vid' => $node->vid, 'nid' => $node->nid, 'uname' => $node->uname))->execute();
  $mail = isset($node->email) ? $node->email : NULL;
  if (variable_get('hosting_client_register_user', FALSE) && !user_load_multiple(array(), array('mail' => $mail))) {
    $user = hosting_client_register_user($node, $mail);
    $node->uid = $user->uid;
    db_update('node')->fields(array('uid' => $user->uid))->condition('nid', $node->nid)->execute();
    db_update('node_revision')->fields(array('uid' => $user->uid))->condition('vid', $node->vid)->execute();
  }
  // Set at all, even to '', which is the anonymous user's name.
  if (isset($node->new_user)) {
    $users = user_load_multiple(array(), array('name' => $node->new_user));
    if ($users) {
      hosting_client_associate(reset($users)->uid, $node->nid);
    }
  }
}

function hosting_client_update($node) {
  if ($node->revision) {
    hosting_client_insert($node);
  }
  else {
    $node->uname = hosting_client_sanitize($node->uname ? $node->uname : $node->title);
    db_update('hosting_client')->fields(array('uname' => $node->uname))->condition('nid', $node->nid)->execute();
  }
  foreach ($node->users as $uid) {
    db_delete('hosting_client_user')->condition('user', $uid)->condition('client', $node->nid)->execute();
  }
  if ($node->new_user) {
    $users = user_load_multiple(array(), array('name' => $node->new_user));
    hosting_client_associate($users ? reset($users)->uid : NULL, $node->nid);
  }
}

function hosting_client_delete($node) {
  db_delete('hosting_client')->condition('nid', $node->nid)->execute();
  db_delete('hosting_client_user')->condition('client', $node->nid)->execute();
}

/**
 * Does not look whether the pair, or the user, is there.
 */
function hosting_client_associate($uid, $client) {
  db_insert('hosting_client_user')->fields(array('user' => $uid, 'client' => $client, 'contact_type' => ''))->execute();
}

function hosting_client_register_user($node, $mail) {
  $password = user_password();
  $role = user_role_load_by_name('aegir client');
  $user = user_save(new stdClass(), array(
    'name' => $node->uname,
    'mail' => $mail,
    'pass' => $password,
    'status' => 1,
    'roles' => array($role->rid => TRUE),
    'hosting_client' => $node->nid,
  ));
  if (variable_get('hosting_client_send_welcome', FALSE)) {
    $params = array('!username' => $user->name, '!password' => $password);
    drupal_mail('hosting_client', 'hosting-client-register-welcome', $mail, user_preferred_language($user), $params);
  }
  return $user;
}

// Sites.

function hosting_site_load($node) {
  hosting_add_columns($node, db_query('SELECT s.client, s.db_name, s.platform, p.publish_path, s.last_cron, s.cron_key, s.status AS site_status, s.verified FROM {hosting_site} s LEFT JOIN {hosting_platform} p ON p.nid = s.platform WHERE s.vid = :vid', array(':vid' => $node->vid))->fetch());
  $node->hosting_name = db_query('SELECT name FROM {hosting_context} WHERE nid = :nid', array(':nid' => $node->nid))->fetchField();
  $node->aliases = db_query('SELECT alias FROM {hosting_site_alias} WHERE vid = :vid AND automatic = 0', array(':vid' => $node->vid))->fetchCol();
}

/**
 * Every column from the node at hand, however old it is.
 */
function hosting_site_columns($node) {
  $defaults = array('db_name' => '', 'last_cron' => 0, 'cron_key' => '', 'site_status' => HOSTING_SITE_QUEUED, 'verified' => 0);
  foreach ($defaults as $name => $value) {
    $node->$name = isset($node->$name) ? $node->$name : $value;
  }
  $columns = array('client', 'db_name', 'platform', 'last_cron', 'cron_key', 'verified');
  return array_intersect_key((array) $node, array_flip($columns)) + array('status' => $node->site_status);
}

function hosting_site_insert($node) {
  hosting_site_insert_revision($node);
  hosting_context_register($node->nid, isset($node->hosting_name) ? $node->hosting_name : $node->title);
  hosting_add_task($node->nid, 'install');
}

function hosting_site_insert_revision($node) {
  if (empty($node->platform)) {
    throw new Exception('Site nodes require either platform or platform_node->publish_path property');
  }
  $client = hosting_get_client($node->client);
  $node->client = $client ? $client->nid : NULL;
  db_insert('hosting_site')->fields(array('vid' => $node->vid, 'nid' => $node->nid) + hosting_site_columns($node))->execute();
  hosting_site_insert_aliases($node);
}

function hosting_site_update($node) {
  if (!empty($node->revision)) {
    hosting_site_insert_revision($node);
  }
  else {
    $client = hosting_get_client($node->client);
    $node->client = $client ? $client->nid : '1';
    db_update('hosting_site')->fields(hosting_site_columns($node))->condition('vid', $node->vid)->execute();
    db_delete('hosting_site_alias')->condition('nid', $node->nid)->condition('vid', $node->vid)->execute();
    hosting_site_insert_aliases($node);
  }
  if (empty($node->no_verify) && $node->site_status != HOSTING_SITE_DELETED) {
    hosting_add_task($node->nid, 'verify');
  }
}

function hosting_site_insert_aliases($node) {
  foreach (isset($node->aliases) ? array_unique($node->aliases) : array() as $alias) {
    db_insert('hosting_site_alias')->fields(array('vid' => $node->vid, 'nid' => $node->nid, 'alias' => strtolower(trim($alias)), 'automatic' => 0, 'redirection' => '0'))->execute();
  }
}

function hosting_site_delete($node) {
  foreach (array('hosting_site', 'hosting_site_alias', 'hosting_context') as $table) {
    db_delete($table)->condition('nid', $node->nid)->execute();
  }
  hosting_task_delete_related_tasks($node->nid);
}

// Platforms.

function hosting_platform_load($node) {
  hosting_add_columns($node, db_query('SELECT publish_path, status AS platform_status FROM {hosting_platform} WHERE vid = :vid', array(':vid' => $node->vid))->fetch());
}

function hosting_platform_insert($node) {
  db_insert('hosting_platform')->fields(array('vid' => $node->vid, 'nid' => $node->nid, 'publish_path' => $node->publish_path, 'status' => HOSTING_PLATFORM_ENABLED))->execute();
}

// Tasks.

/**
 * Always one more, whatever is queued.
 */
function hosting_add_task($nid, $type, $args = NULL, $status = HOSTING_TASK_QUEUED) {
  $node = db_query('SELECT nid, uid, title FROM {node} WHERE nid = :nid', array(':nid' => $nid))->fetchObject();
  $task = (object) array(
    'type' => 'task',
    'language' => LANGUAGE_NONE,
    'title' => "$type {$node->title}",
    'task_type' => $type,
    'rid' => $node->nid,
    'uid' => $GLOBALS['user']->uid ? $GLOBALS['user']->uid : $node->uid,
    'status' => 1,
    'task_status' => $status,
    'revision' => $status == HOSTING_TASK_QUEUED,
  );
  node_save($task);
  return $task;
}

function hosting_task_load($node) {
  hosting_add_columns($node, db_query('SELECT task_type, executed, delta, rid, task_status FROM {hosting_task} WHERE vid = :vid', array(':vid' => $node->vid))->fetch());
}

function hosting_task_columns($node) {
  $columns = array_intersect_key((array) $node, array_flip(array('nid', 'task_type', 'task_status', 'rid', 'executed', 'delta')));
  return $columns + array('executed' => NULL, 'delta' => NULL);
}

function hosting_task_insert($node) {
  db_insert('hosting_task')->fields(array('vid' => $node->vid) + hosting_task_columns($node))->execute();
  hosting_task_set_title($node);
}

function hosting_task_update($node) {
  if (!empty($node->revision)) {
    hosting_task_insert($node);
    return;
  }
  hosting_task_set_title($node);
  db_update('hosting_task')->fields(hosting_task_columns($node))->condition('vid', $node->vid)->execute();
}

function hosting_task_delete($node) {
  db_delete('hosting_task')->condition('nid', $node->nid)->execute();
  db_delete('hosting_task_log')->condition('nid', $node->nid)->execute();
}

function hosting_task_delete_related_tasks($nid) {
  foreach (db_query('SELECT DISTINCT nid FROM {hosting_task} WHERE rid = :rid', array(':rid' => $nid))->fetchCol() as $task) {
    node_delete($task);
  }
}

function hosting_task_set_title($node) {
  $about = node_load($node->rid);
  $node->title = ucfirst($node->task_type) . ' Site: ' . ($about ? $about->title : '');
  db_update('node')->fields(array('title' => $node->title))->condition('nid', $node->nid)->execute();
  db_update('node_revision')->fields(array('title' => $node->title))->condition('vid', $node->vid)->execute();
}

function hosting_task_log($vid, $type, $message) {
  $nid = db_query('SELECT nid FROM {hosting_task} WHERE vid = :vid', array(':vid' => $vid))->fetchField();
  db_insert('hosting_task_log')->fields(array('vid' => $vid, 'nid' => $nid, 'type' => $type, 'message' => $message, 'error' => '', 'timestamp' => REQUEST_TIME))->execute();
}

/**
 * The worst line of its log decides.
 */
function hosting_task_update_status($task) {
  $types = db_query('SELECT DISTINCT type FROM {hosting_task_log} WHERE vid = :vid', array(':vid' => $task->vid))->fetchCol();
  $status = array_intersect(array('error', 'failed'), $types) ? HOSTING_TASK_ERROR : (in_array('warning', $types) ? HOSTING_TASK_WARNING : HOSTING_TASK_SUCCESS);
  db_update('hosting_task')->fields(array('task_status' => $status))->condition('vid', $task->vid)->execute();
}

/**
 * Nids of queued tasks, one of each node they are about, oldest change first.
 */
function hosting_get_new_tasks($limit) {
  return db_query('SELECT t.nid FROM {hosting_task} t INNER JOIN {node} n ON n.vid = t.vid WHERE t.task_status = 0 GROUP BY t.rid ORDER BY n.changed, n.nid LIMIT ' . (int) $limit)->fetchCol();
}
