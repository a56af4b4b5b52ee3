<?php
/**
 * @file
 * What Drupal 7 brings besides nodes and users: statics, variables, messages, mail, and the small functions of every day.
 */

define('VERSION', '7.105');
define('LANGUAGE_NONE', 'und');
define('DRUPAL_ANONYMOUS_RID', 1);
define('DRUPAL_AUTHENTICATED_RID', 2);
define('REQUEST_TIME', (int) $_SERVER['REQUEST_TIME']);

function &drupal_static($name, $default = NULL) {
  if (!isset($GLOBALS['drupal_double_statics'][$name])) {
    $GLOBALS['drupal_double_statics'][$name] = array('value' => $default, 'default' => $default);
  }
  return $GLOBALS['drupal_double_statics'][$name]['value'];
}

function drupal_static_reset() {
  foreach ($GLOBALS['drupal_double_statics'] as &$static) {
    $static['value'] = $static['default'];
  }
}

/**
 * From the cache if it holds them, which variable_set() clears and a plain UPDATE does not.
 */
function variable_initialize($conf = array()) {
  $cached = db_query("SELECT data FROM {cache_bootstrap} WHERE cid = 'variables'")->fetchField();
  if ($cached) {
    $variables = unserialize($cached);
  }
  else {
    $variables = array_map('unserialize', db_query('SELECT name, value FROM {variable}')->fetchAllKeyed());
    db_query("REPLACE INTO {cache_bootstrap} (cid, data) VALUES ('variables', :data)", array(':data' => serialize($variables)));
  }
  return $conf + $variables;
}

function variable_get($name, $default = NULL) {
  return isset($GLOBALS['conf'][$name]) ? $GLOBALS['conf'][$name] : $default;
}

function variable_set($name, $value) {
  db_query('REPLACE INTO {variable} (name, value) VALUES (:name, :value)', array(':name' => $name, ':value' => serialize($value)));
  db_query("DELETE FROM {cache_bootstrap} WHERE cid = 'variables'");
  $GLOBALS['conf'][$name] = $value;
}

function module_exists($module) {
  $modules = &drupal_static(__FUNCTION__);
  if ($modules === NULL) {
    $modules = db_query("SELECT name FROM {system} WHERE type = 'module' AND status = 1")->fetchCol();
  }
  return in_array($module, $modules);
}

function drupal_set_message($message) {
  $GLOBALS['drupal_double_messages'][] = $message;
}

function drupal_get_messages() {
  $messages = isset($GLOBALS['drupal_double_messages']) ? $GLOBALS['drupal_double_messages'] : array();
  $GLOBALS['drupal_double_messages'] = array();
  return $messages;
}

function drupal_strtolower($text) {
  return mb_strtolower($text);
}

function drupal_substr($text, $start, $length) {
  return mb_substr($text, $start, $length);
}

function valid_email_address($mail) {
  return (bool) filter_var($mail, FILTER_VALIDATE_EMAIL);
}

function format_date($timestamp) {
  return gmdate('D, m/d/Y - H:i', $timestamp);
}

function url($path, array $options = array()) {
  return (empty($options['absolute']) ? '' : $GLOBALS['base_url']) . "/$path";
}

/**
 * A mailer that takes everything: a line of JSON each in the file "mails".
 */
function drupal_mail($module, $key, $to, $language, $params = array(), $from = NULL, $send = TRUE) {
  $message = array('id' => "{$module}_$key", 'to' => $to, 'from' => $from, 'params' => $params);
  $written = file_put_contents(DRUPAL_DOUBLE . '/mails', json_encode($message) . "\n", FILE_APPEND);
  return $message + array('result' => $send && $written !== FALSE);
}
