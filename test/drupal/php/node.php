<?php
/**
 * @file
 * Nodes of Drupal 7: each save in a transaction of its own, with the hooks of the hosting modules where core calls them.
 */

class NodeController extends EntityController {

  protected $table = 'node';
  protected $idColumn = 'nid';

  protected function rows(array $ids) {
    return db_query('SELECT n.nid, n.vid, n.type, n.language, r.title, n.uid, n.status, n.created, n.changed, n.comment, n.promote, n.sticky, r.log, r.timestamp, r.uid AS revision_uid FROM {node} n INNER JOIN {node_revision} r ON r.vid = n.vid WHERE n.nid IN (:ids)', array(':ids' => $ids))->fetchAll();
  }

  protected function attach(array $nodes) {
    foreach ($nodes as $node) {
      node_invoke($node, 'load');
    }
    hosting_node_load($nodes);
  }

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
  $transaction = db_transaction();
  try {
    if (!empty($node->nid) && !isset($node->original)) {
      // From here on the cache holds the node as it was, for whoever asks during the save.
      $node->original = entity_load_unchanged('node', $node->nid);
    }
    $isNew = empty($node->nid);
    if (empty($node->created)) {
      $node->created = REQUEST_TIME;
    }
    $node->changed = $node->timestamp = REQUEST_TIME;
    hosting_node_presave($node);

    $isRevision = $isNew || !empty($node->revision);
    if ($isRevision) {
      $node->log = isset($node->log) ? $node->log : '';
    }
    if (!$isNew && $isRevision) {
      $node->old_vid = $node->vid;
      unset($node->vid);
    }
    drupal_write_record('node', $node, $isNew ? NULL : 'nid');
    $author = $node->uid;
    $node->uid = $GLOBALS['user']->uid;
    drupal_write_record('node_revision', $node, $isRevision ? NULL : 'vid');
    $node->uid = $author;
    if ($isRevision) {
      db_update('node')->fields(array('vid' => $node->vid))->condition('nid', $node->nid)->execute();
    }
    $operation = $isNew ? 'insert' : 'update';
    node_invoke($node, $operation);
    $hook = "hosting_node_$operation";
    $hook($node);
    node_access_acquire_grants($node);
    unset($node->original);
    entity_get_controller('node')->resetCache(array($node->nid));
  }
  catch (Exception $exception) {
    $transaction->rollback();
    throw $exception;
  }
}

function node_delete($nid) {
  $transaction = db_transaction();
  try {
    foreach (node_load_multiple(array($nid)) as $node) {
      node_invoke($node, 'delete');
      hosting_node_delete($node);
    }
    foreach (array('node', 'node_revision', 'node_access') as $table) {
      db_delete($table)->condition('nid', $nid)->execute();
    }
  }
  catch (Exception $exception) {
    $transaction->rollback();
    throw $exception;
  }
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
