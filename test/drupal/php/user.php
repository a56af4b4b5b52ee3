<?php
/**
 * @file
 * Users of Drupal 7.
 */

define('USERNAME_MAX_LENGTH', 60);

function user_load_fresh(array $uids) {
  $users = array();
  foreach (db_query('SELECT * FROM {users} WHERE uid IN (:ids)', array(':ids' => $uids)) as $user) {
    $user->roles = db_query('SELECT r.rid, r.name FROM {role} r INNER JOIN {users_roles} h ON h.rid = r.rid WHERE h.uid = :uid', array(':uid' => $user->uid))->fetchAllKeyed();
    $user->roles += $user->uid ? array(DRUPAL_AUTHENTICATED_RID => 'authenticated user') : array(DRUPAL_ANONYMOUS_RID => 'anonymous user');
    $users[$user->uid] = $user;
  }
  return $users;
}

function user_load_multiple(array $uids, array $conditions = array(), $reset = FALSE) {
  if ($reset) {
    entity_get_controller('user')->resetCache();
  }
  return entity_get_controller('user')->load($uids, $conditions);
}

function user_load($uid, $reset = FALSE) {
  $users = user_load_multiple(array($uid), array(), $reset);
  return reset($users);
}

/**
 * Saves a new user; an existing one needs more than is used here.
 */
function user_save($account, array $edit = array()) {
  return entity_transaction(function () use ($account, $edit) {
    if (!empty($account->uid)) {
      throw new Exception('The double saves new users only.');
    }
    foreach ($edit as $name => $value) {
      $account->$name = $value;
    }
    $account->pass = password_hash($edit['pass'], PASSWORD_DEFAULT);
    $account->mail = isset($edit['mail']) ? trim($edit['mail']) : NULL;
    // As db_next_id(): a number that was given once is not given again.
    db_query("UPDATE {sequences} SET value = GREATEST(value, (SELECT MAX(uid) FROM {users})) + 1");
    $account->uid = db_query('SELECT value FROM {sequences}')->fetchField();
    $columns = array('uid', 'name', 'pass', 'mail', 'init', 'status');
    db_insert('users')->fields(array_intersect_key((array) $account, array_flip($columns)) + array('created' => REQUEST_TIME))->execute();
    if (!empty($edit['hosting_client'])) {
      hosting_client_associate($account->uid, $edit['hosting_client']);
    }
    foreach (array_keys($account->roles) as $rid) {
      if ($rid > DRUPAL_AUTHENTICATED_RID) {
        db_insert('users_roles')->fields(array('uid' => $account->uid, 'rid' => $rid))->execute();
      }
    }
    entity_get_controller('user')->resetCache(array($account->uid));
    return $account;
  });
}

/**
 * Takes every node that the user has written along, and leaves what hosting_client keeps of the user.
 */
function user_delete($uid) {
  entity_transaction(function () use ($uid) {
    foreach (db_query('SELECT nid FROM {node} WHERE uid = :uid', array(':uid' => $uid))->fetchCol() as $nid) {
      node_delete($nid);
    }
    foreach (array('users', 'users_roles') as $table) {
      db_delete($table)->condition('uid', $uid)->execute();
    }
  });
  entity_get_controller('user')->resetCache();
}

function user_role_load_by_name($name) {
  return db_query('SELECT rid, name FROM {role} WHERE name = :name', array(':name' => $name))->fetchObject();
}

/**
 * What is wrong with the name, NULL if nothing.
 */
function user_validate_name($name) {
  if ($name === '' || $name !== trim($name, ' ') || strpos($name, '  ') !== FALSE) {
    return 'The username is empty, or has spaces at an end or next to each other.';
  }
  if (preg_match('/[^\x80-\xf7 a-z0-9@+_.\'-]/i', $name) || preg_match('/[\x{80}-\x{a0}\x{ad}\x{2000}-\x{200f}\x{2028}-\x{202f}\x{205f}-\x{206f}\x{feff}\x{ff01}-\x{ff60}\x{fff9}-\x{fffd}]/u', $name)) {
    return 'The username contains an illegal character.';
  }
  if (mb_strlen($name) > USERNAME_MAX_LENGTH) {
    return 'The username <em>' . htmlspecialchars($name) . '</em> is too long.';
  }
}

function user_password($length = 10) {
  return substr(strtr(base64_encode(random_bytes($length)), '+/', 'xy'), 0, $length);
}

function user_preferred_language($account) {
  return (object) array('language' => 'en');
}

function user_pass_reset_url($account) {
  return url("user/reset/{$account->uid}/" . REQUEST_TIME . '/' . hash('sha256', $account->pass), array('absolute' => TRUE));
}
