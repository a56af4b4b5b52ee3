<?php
/**
 * @file
 * Drush 8 as far as it is used here: `drush [@alias] [--options] command [arguments]`, on the front end whose directory the
 * environment names. Every process leaves a line (its id, its command) in the file "processes" there.
 */

define('DRUSH_VERSION', '8.4.12');
define('DRUPAL_DOUBLE', getenv('DRUPAL_DOUBLE'));

function drush_sitealias_get_record($alias) {
  return $alias === '@server_master' ? array('aegir_root' => getenv('HOME')) : array();
}

/**
 * As far as it comes: without a database Drush stops here in silence and runs the command all the same.
 */
function drush_bootstrap_max() {
  global $conf, $databases, $base_url, $user;
  $conf = array();
  require DRUPAL_DOUBLE . '/settings.php';
  require __DIR__ . '/database.php';
  try {
    Database::connect($databases['default']['default']);
  }
  catch (PDOException $down) {
    return;
  }
  foreach (array('bootstrap', 'entity', 'node', 'user', 'hosting', 'provision') as $file) {
    require __DIR__ . "/$file.php";
  }
  $conf = variable_initialize($conf);
  $user = user_load((int) drush_get_option('user', 0));
  hosting_init();
}

function drush_get_option($name, $default) {
  return isset($GLOBALS['drush_options'][$name]) ? $GLOBALS['drush_options'][$name] : $default;
}

/**
 * Uncaught errors go to standard output, and whatever ended the command too early is exit code 1.
 */
function drush_main(array $words) {
  $GLOBALS['drush_options'] = array();
  $arguments = array();
  foreach ($words as $word) {
    if (preg_match('/^--(\w+)(?:=(.*))?$/', $word, $option)) {
      $GLOBALS['drush_options'][$option[1]] = isset($option[2]) ? $option[2] : TRUE;
    }
    else {
      $arguments[] = $word;
    }
  }
  if (drush_get_option('version', FALSE)) {
    echo ' Drush Version   :  ' . DRUSH_VERSION . " \n\n";
    return 0;
  }
  $alias = array_shift($arguments);
  $command = array_shift($arguments);
  if (!in_array($alias, array('@hostmaster', '@hm'))) {
    fwrite(STDERR, "Could not find the alias $alias\n");
    return 1;
  }
  file_put_contents(DRUPAL_DOUBLE . '/processes', getmypid() . " $command\n", FILE_APPEND);
  drush_bootstrap_max();
  try {
    switch ($command) {
      case 'php-eval':
        eval($arguments[0] . ';');
        return 0;

      case 'hosting-task':
        return drush_hosting_task($arguments[0]);

      case 'hosting-queued':
        return drush_hosting_queued();
    }
  }
  catch (Throwable $uncaught) {
    echo get_class($uncaught) . ': ' . $uncaught->getMessage() . ' in ' . $uncaught->getFile() . ' on line ' . $uncaught->getLine() . "\n";
    return 1;
  }
  fwrite(STDERR, "The drush command '$command' could not be found.\n");
  return 1;
}

register_shutdown_function(function () {
  if (!isset($GLOBALS['drush_exit_code'])) {
    fwrite(STDERR, "Drush command terminated abnormally due to an unrecoverable error.\n");
    exit(1);
  }
});
$GLOBALS['drush_exit_code'] = drush_main(array_slice($argv, 1));
exit($GLOBALS['drush_exit_code']);
