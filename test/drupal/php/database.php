<?php
/**
 * @file
 * The database layer of Drupal 7 as far as it is used here, on PDO and a real InnoDB: its SQL mode and character set, its
 * nested transactions as savepoints, and what becomes of them when the server has swept them away.
 */

class DatabaseTransactionNoActiveException extends Exception {}
class DatabaseTransactionOutOfOrderException extends Exception {}

class Database {

  private static $connection;

  public static function connect(array $options) {
    self::$connection = new DatabaseConnection($options);
  }

  public static function getConnection() {
    return self::$connection;
  }

}

class DatabaseConnection {

  private $pdo;

  /**
   * Names of the open layers, outermost first; FALSE once a layer only waits for the ones inside it.
   */
  private $layers = array();

  public function __construct(array $options) {
    $dsn = "mysql:unix_socket={$options['unix_socket']};dbname={$options['database']};charset=utf8";
    $this->pdo = new PDO($dsn, $options['username'], $options['password'], array(
      PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
      PDO::ATTR_EMULATE_PREPARES => TRUE,
      PDO::ATTR_STRINGIFY_FETCHES => TRUE,
      PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_OBJ,
      PDO::ATTR_STATEMENT_CLASS => array('DatabaseStatement'),
    ));
    $this->pdo->exec("SET sql_mode = 'REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER'");
  }

  /**
   * A placeholder whose value is an array stands for a list.
   */
  public function query($sql, array $args = array()) {
    foreach ($args as $name => $values) {
      if (is_array($values)) {
        unset($args[$name]);
        $items = array();
        foreach (array_values($values) as $index => $value) {
          $items["{$name}_$index"] = $value;
        }
        $sql = preg_replace('/' . $name . '\b/', implode(', ', array_keys($items)), $sql);
        $args += $items;
      }
    }
    $statement = $this->pdo->prepare(strtr($sql, array('{' => '`', '}' => '`')));
    try {
      $statement->execute($args);
    }
    catch (PDOException $exception) {
      $exception->errorInfo['query_string'] = $sql;
      $exception->errorInfo['args'] = $args;
      throw $exception;
    }
    return $statement;
  }

  public function lastInsertId() {
    return $this->pdo->lastInsertId();
  }

  public function inTransaction() {
    return $this->transactionDepth() > 0;
  }

  public function transactionDepth() {
    return count($this->layers);
  }

  public function pushTransaction($name) {
    if ($this->inTransaction()) {
      $this->query("SAVEPOINT $name");
    }
    else {
      $this->pdo->beginTransaction();
    }
    $this->layers[$name] = TRUE;
  }

  public function popTransaction($name) {
    // It is gone already if a layer around it was rolled back.
    if (isset($this->layers[$name])) {
      $this->layers[$name] = FALSE;
      $this->commitWhatCan();
    }
  }

  public function rollback($name) {
    if (!isset($this->layers[$name])) {
      throw new DatabaseTransactionNoActiveException();
    }
    $open = array_keys($this->layers);
    $others = end($open) !== $name;
    while (end($open) !== $name) {
      array_pop($open);
    }
    array_pop($open);
    // Given up before the server is asked, which may know nothing of them any more.
    $this->layers = array_intersect_key($this->layers, array_flip($open));
    if ($open) {
      $this->query("ROLLBACK TO SAVEPOINT $name");
      $this->commitWhatCan();
    }
    else {
      $this->pdo->rollBack();
    }
    if ($others) {
      throw new DatabaseTransactionOutOfOrderException();
    }
  }

  private function commitWhatCan() {
    while ($this->layers && end($this->layers) === FALSE) {
      $name = key($this->layers);
      array_pop($this->layers);
      if ($this->layers) {
        $this->query("RELEASE SAVEPOINT $name");
      }
      else {
        $this->pdo->commit();
      }
    }
  }

}

class DatabaseStatement extends PDOStatement {

  public function fetchField($index = 0) {
    return $this->fetchColumn($index);
  }

  public function fetchCol($index = 0) {
    return $this->fetchAll(PDO::FETCH_COLUMN, $index);
  }

  public function fetchAssoc() {
    return $this->fetch(PDO::FETCH_ASSOC);
  }

  public function fetchAllKeyed() {
    return $this->fetchAll(PDO::FETCH_KEY_PAIR);
  }

}

/**
 * Commits when the last reference goes, unless it was rolled back.
 */
class DatabaseTransaction {

  private $connection;
  private $name;
  private $rolledBack = FALSE;

  public function __construct(DatabaseConnection $connection) {
    $depth = $connection->transactionDepth();
    $this->connection = $connection;
    $this->name = $depth ? "savepoint_$depth" : 'drupal_transaction';
    $connection->pushTransaction($this->name);
  }

  public function __destruct() {
    if (!$this->rolledBack) {
      $this->connection->popTransaction($this->name);
    }
  }

  public function rollback() {
    $this->rolledBack = TRUE;
    $this->connection->rollback($this->name);
  }

}

/**
 * One statement about one table, as db_insert(), db_update() and db_delete() build it.
 */
class DatabaseStatementBuilder {

  private $verb;
  private $table;
  private $fields = array();
  private $conditions = array();
  private $args = array();

  public function __construct($verb, $table) {
    $this->verb = $verb;
    $this->table = $table;
  }

  public function fields(array $fields) {
    $this->fields = $fields;
    return $this;
  }

  /**
   * NULL is compared by IS NULL, an array by IN.
   */
  public function condition($field, $value) {
    if ($value === NULL) {
      $this->conditions[] = "`$field` IS NULL";
    }
    else {
      $placeholder = ':condition_' . count($this->conditions);
      $this->conditions[] = is_array($value) ? "`$field` IN ($placeholder)" : "`$field` = $placeholder";
      $this->args[$placeholder] = $value;
    }
    return $this;
  }

  public function statement() {
    $args = $this->args;
    $assignments = array();
    foreach ($this->fields as $field => $value) {
      $placeholder = ':field_' . count($assignments);
      $assignments[] = "`$field` = $placeholder";
      $args[$placeholder] = $value;
    }
    $set = $assignments ? ' SET ' . implode(', ', $assignments) : '';
    $where = $this->conditions ? ' WHERE ' . implode(' AND ', $this->conditions) : '';
    return db_query("{$this->verb} `{$this->table}`$set$where", $args);
  }

  /**
   * The id that an INSERT was given; else the number of rows that are different now, not of those that were found.
   */
  public function execute() {
    $statement = $this->statement();
    return $this->verb === 'INSERT INTO' ? Database::getConnection()->lastInsertId() : $statement->rowCount();
  }

}

function db_query($sql, array $args = array()) {
  return Database::getConnection()->query($sql, $args);
}

function db_transaction() {
  return new DatabaseTransaction(Database::getConnection());
}

function db_insert($table) {
  return new DatabaseStatementBuilder('INSERT INTO', $table);
}

function db_update($table) {
  return new DatabaseStatementBuilder('UPDATE', $table);
}

function db_delete($table) {
  return new DatabaseStatementBuilder('DELETE FROM', $table);
}

function db_table_exists($table) {
  try {
    db_query('SELECT 1 FROM {' . $table . '} LIMIT 1');
    return TRUE;
  }
  catch (Exception $exception) {
    return FALSE;
  }
}

function db_like($text) {
  return addcslashes($text, '\%_');
}
