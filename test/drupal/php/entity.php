<?php
/**
 * @file
 * Entities of Drupal 7: loaded through a static cache whose objects everybody shares.
 */

class EntityController {

  private $cache = array();
  private $table;
  private $idColumn;
  private $load;

  /**
   * @param $load
   *   Answers entities by their ids, with what modules know of them.
   */
  public function __construct($table, $idColumn, $load) {
    $this->table = $table;
    $this->idColumn = $idColumn;
    $this->load = $load;
  }

  public function resetCache($ids = NULL) {
    $this->cache = $ids === NULL ? array() : array_diff_key($this->cache, array_flip($ids));
  }

  /**
   * Entities by id, in the order asked for; without ids, those that meet the conditions, as the cache or as the database
   * compares. (To the cache NULL is as good as ''.)
   */
  public function load(array $ids, array $conditions = array()) {
    if (!$ids) {
      $select = new DatabaseStatementBuilder("SELECT {$this->idColumn} FROM", $this->table);
      foreach ($conditions as $field => $value) {
        $select->condition($field, $value);
      }
      $cached = array_filter($this->cache, function ($entity) use ($conditions) {
        return array_intersect_key((array) $entity, $conditions) == $conditions;
      });
      $ids = array_merge(array_keys($cached), $select->statement()->fetchCol());
    }
    $unknown = array_diff(array_filter($ids, 'is_numeric'), array_keys($this->cache));
    if ($unknown) {
      // Complete before they are in the cache, so that whoever asks meanwhile loads them again.
      $this->cache = call_user_func($this->load, $unknown) + $this->cache;
    }
    return array_replace(array_intersect_key(array_flip($ids), $this->cache), array_intersect_key($this->cache, array_flip($ids)));
  }

}

function entity_get_controller($type) {
  $controllers = &drupal_static(__FUNCTION__, array());
  if (!$controllers) {
    $controllers = array(
      'node' => new EntityController('node', 'nid', 'node_load_fresh'),
      'user' => new EntityController('users', 'uid', 'user_load_fresh'),
    );
  }
  return $controllers[$type];
}

/**
 * As it is in the database now; it stays in the cache.
 */
function entity_load_unchanged($type, $id) {
  $controller = entity_get_controller($type);
  $controller->resetCache(array($id));
  $entities = $controller->load(array($id));
  return reset($entities);
}

/**
 * Runs a save or a deletion in a transaction of its own.
 */
function entity_transaction($work) {
  $transaction = db_transaction();
  try {
    return $work();
  }
  catch (Exception $exception) {
    $transaction->rollback();
    throw $exception;
  }
}
