<?php
/**
 * @file
 * Entities of Drupal 7: loaded through a static cache whose objects everybody shares.
 */

abstract class EntityController {

  protected $table;
  protected $idColumn;
  private $cache = array();

  /**
   * Rows of entities by their ids.
   */
  abstract protected function rows(array $ids);

  /**
   * Adds what modules know of freshly loaded entities.
   */
  abstract protected function attach(array $entities);

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
        foreach ($conditions as $field => $value) {
          if ($entity->$field != $value) {
            return FALSE;
          }
        }
        return TRUE;
      });
      $ids = array_merge(array_keys($cached), $select->statement()->fetchCol());
    }
    $unknown = array_diff(array_filter($ids, 'is_numeric'), array_keys($this->cache));
    if ($unknown) {
      $rows = array();
      foreach ($this->rows($unknown) as $row) {
        $rows[$row->{$this->idColumn}] = $row;
      }
      // Attached before it is in the cache, so that whoever asks meanwhile loads it again.
      $this->attach($rows);
      $this->cache = $rows + $this->cache;
    }
    $found = array();
    foreach ($ids as $id) {
      if (isset($this->cache[$id])) {
        $found[$id] = $this->cache[$id];
      }
    }
    return $found;
  }

}

function entity_get_controller($type) {
  $controllers = &drupal_static(__FUNCTION__, array());
  if (!isset($controllers[$type])) {
    $class = ucfirst($type) . 'Controller';
    $controllers[$type] = new $class();
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
