<?php
/**
 * @file
 * Sql.ts's side of a connection of its own: a line {sql, parameters} is answered by a line {rows} or {error, message}.
 */

$pdo = new PDO("mysql:unix_socket={$argv[1]};dbname=hostmaster;charset=utf8", 'aegir', '', array(
  PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
  PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
));
while (($line = fgets(STDIN)) !== FALSE) {
  $request = json_decode($line, TRUE);
  try {
    $statement = $pdo->prepare($request['sql']);
    $statement->execute($request['parameters']);
    $answer = array('rows' => $statement->columnCount() ? $statement->fetchAll() : array());
  }
  catch (PDOException $exception) {
    $answer = array('error' => isset($exception->errorInfo[1]) ? $exception->errorInfo[1] : 0, 'message' => $exception->getMessage());
  }
  fwrite(STDOUT, json_encode($answer) . "\n");
}
