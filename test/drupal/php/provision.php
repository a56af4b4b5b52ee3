<?php
/**
 * @file
 * The task queue, and what its tasks leave on disk. A task loads its site when it starts and saves that same object when it
 * ends. A verify fails if there is a file "failing/<domain>" in the front end's directory. A task waits as long as there is
 * a file "loaded/<domain>", when it knows the site and nobody knows yet that it runs, and "running/<domain>" after that.
 */

/**
 * The daemon: runs of the queue, a tenth of a second apart, until standard input ends. Each task is a process of its own.
 */
function drush_hosting_queued() {
  do {
    $GLOBALS['conf'] = variable_initialize();
    variable_set('hosting_queue_tasks_last_run', time());
    foreach (hosting_get_new_tasks(variable_get('hosting_queue_tasks_items', 5)) as $nid) {
      passthru('drush @hostmaster hosting-task ' . (int) $nid);
    }
    $readable = array(STDIN);
    $none = array();
  } while (!stream_select($readable, $none, $none, 0, 100000));
  return 0;
}

/**
 * One task from its start to its end.
 */
function drush_hosting_task($nid) {
  $GLOBALS['user'] = user_load(1);
  $task = node_load($nid);
  if (!$task || $task->task_status != HOSTING_TASK_QUEUED) {
    fwrite(STDERR, "This task is not queued, use --force\n");
    return 1;
  }
  $site = node_load($task->rid);
  provision_wait('loaded', $site->title);
  $task->executed = REQUEST_TIME;
  $task->task_status = HOSTING_TASK_PROCESSING;
  $task->revision = TRUE;
  node_save($task);
  $owner = node_load($site->client);
  $uname = isset($owner->uname) ? $owner->uname : '';
  provision_wait('running', $site->title);

  $failed = $task->task_type === 'verify' && provision_is_told('failing', $site->title);
  if ($failed) {
    hosting_task_log($task->vid, 'error', 'Drupal installation or verification failed: settings.php is not writable.');
  }
  else {
    provision_site($task->task_type, $site, $uname);
    hosting_task_log($task->vid, 'success', 'Command completed.');
  }
  $task->revision = FALSE;
  $task->delta = time() - $task->executed;
  node_save($task);
  hosting_site_post_task($task->task_type, $site, $failed);
  hosting_task_update_status($task);
  return 0;
}

/**
 * What becomes of the site's node at the end: the object of the start is saved.
 */
function hosting_site_post_task($type, $site, $failed) {
  $status = array('install' => HOSTING_SITE_ENABLED, 'enable' => HOSTING_SITE_ENABLED, 'disable' => HOSTING_SITE_DISABLED, 'delete' => HOSTING_SITE_DELETED);
  if (!$failed && isset($status[$type])) {
    $site->site_status = $status[$type];
  }
  if ($type === 'verify' || $type === 'install') {
    $site->verified = $failed ? 0 : REQUEST_TIME;
  }
  if (!$failed && $type === 'delete') {
    hosting_context_delete($site->nid);
  }
  $site->no_verify = TRUE;
  node_save($site);
}

/**
 * What a task does to the site's files and links.
 */
function provision_site($type, $site, $uname) {
  $clients = getenv('HOME') . '/clients';
  $directory = "{$site->publish_path}/sites/{$site->title}";
  if ($type === 'install' && !is_dir($directory)) {
    mkdir($directory, 0755, TRUE);
  }
  if ($type === 'install' || $type === 'verify') {
    provision_client_create_symlink($clients, $directory, $site->title, $uname);
  }
  if ($type === 'delete') {
    @rmdir($directory);
    @unlink("$clients/$uname/{$site->title}");
  }
}

/**
 * An old link is looked for only if the new one was not there, and only the first one found is removed.
 */
function provision_client_create_symlink($clients, $directory, $domain, $uname) {
  if ($uname === '') {
    return;
  }
  if (is_link("$clients/$uname/$domain")) {
    return;
  }
  foreach (scandir($clients) as $other) {
    if (is_link("$clients/$other/$domain")) {
      unlink("$clients/$other/$domain");
      break;
    }
  }
  // Between the two calls the account cron may take the empty directory away.
  for ($linked = FALSE, $attempt = 0; !$linked && $attempt < 100; $attempt++) {
    @mkdir("$clients/$uname", 0750, TRUE);
    $linked = @symlink($directory, "$clients/$uname/$domain");
  }
}

function provision_is_told($what, $domain) {
  clearstatcache();
  return is_file(DRUPAL_DOUBLE . "/$what/$domain");
}

function provision_wait($when, $domain) {
  while (provision_is_told($when, $domain)) {
    usleep(10000);
  }
}
