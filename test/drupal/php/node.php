<?php
/**
 * @file
 * Nodes of Drupal 7: each save in a transaction of its own, with the hooks of the hosting modules where core calls them.
 */

function node_load_fresh(array $nids) {
  $nodes = array();
  foreach (db_query('SELECT n.nid, n.vid, n.type, n.language, r.title, n.uid, n.status, n.created, n.changed, r.log, r.timestamp, r.uid AS revision_uid FROM {node} n INNER JOIN {node_revision} r ON r.vid = n.vid WHERE n.nid IN (:ids)', array(':ids' => $nids)) as $node) {
    $nodes[$node->nid] = $node;
    node_invoke($node, 'load');
  }
  return $nodes;
}

/**
 * Calls the function of the node type's own module, for example hosting_site_update(), if it has one.
 */
function node_invoke($node, $operation) {
  $function = "hosting_{$node->type}_$operation";
  if (function_exists($function)) {
    $function($node);
  }
}

function node_load_multiple(array $nids, array $conditions = array(), $reset = FALSE) {
  if ($reset) {
    entity_get_controller('node')->resetCache();
  }
  return entity_get_controller('node')->load($nids, $conditions);
}

function node_load($nid, $vid = NULL, $reset = FALSE) {
  $nodes = node_load_multiple(array($nid), array(), $reset);
  return reset($nodes);
}

function node_save($node) {
  return entity_transaction(function () use ($node) {
    $isNew = empty($node->nid);
    if (!$isNew && !isset($node->original)) {
      // From here on the cache holds the node as it was, for whoever asks during the save.
      $node->original = entity_load_unchanged('node', $node->nid);
    }
    $isRevision = $isNew || !empty($node->revision);
    $node->created = empty($node->created) ? REQUEST_TIME : $node->created;
    $node->changed = $node->timestamp = REQUEST_TIME;
    if ($node->type === 'site') {
      $node->title = strtolower(trim($node->title));
    }
    $columns = array('type' => $node->type, 'language' => $node->language, 'title' => $node->title, 'uid' => (int) $node->uid, 'status' => (int) $node->status, 'created' => $node->created, 'changed' => $node->changed);
    if ($isNew) {
      $node->nid = db_insert('node')->fields($columns)->execute();
    }
    else {
      db_update('node')->fields($columns)->condition('nid', $node->nid)->execute();
    }
    $columns = array('nid' => $node->nid, 'uid' => $GLOBALS['user']->uid, 'title' => $node->title, 'log' => isset($node->log) ? $node->log : '', 'timestamp' => $node->timestamp, 'status' => (int) $node->status);
    if ($isRevision) {
      $node->vid = db_insert('node_revision')->fields($columns)->execute();
      db_update('node')->fields(array('vid' => $node->vid))->condition('nid', $node->nid)->execute();
    }
    else {
      db_update('node_revision')->fields($columns)->condition('vid', $node->vid)->execute();
    }
    node_invoke($node, $isNew ? 'insert' : 'update');
    node_access_acquire_grants($node);
    unset($node->original);
    entity_get_controller('node')->resetCache(array($node->nid));
  });
}

function node_delete($nid) {
  entity_transaction(function () use ($nid) {
    foreach (node_load_multiple(array($nid)) as $node) {
      node_invoke($node, 'delete');
    }
    foreach (array('node', 'node_revision', 'node_access') as $table) {
      db_delete($table)->condition('nid', $nid)->execute();
    }
  });
  entity_get_controller('node')->resetCache();
}

function node_access_acquire_grants($node) {
  $grants = hosting_client_node_access_records($node);
  if (!$grants && !empty($node->status)) {
    $grants = array(array('realm' => 'all', 'gid' => 0, 'grant_view' => 1, 'grant_update' => 0, 'grant_delete' => 0));
  }
  db_delete('node_access')->condition('nid', $node->nid)->execute();
  foreach ($grants as $grant) {
    db_insert('node_access')->fields(array('nid' => $node->nid) + $grant)->execute();
  }
}
