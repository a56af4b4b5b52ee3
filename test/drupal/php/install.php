<?php
/**
 * @file
 * Evaluated by the double's Drush on empty tables: what an install of BOA has, and the sites and platforms that standard
 * input names, as they are long after their install.
 */

$seed = json_decode(stream_get_contents(STDIN));
$platforms = getenv('HOME') . '/static';

$info = serialize(array('name' => 'Hosting', 'version' => NULL));
foreach (array('hosting', 'hosting_client', 'hosting_site', 'hosting_task', 'hosting_alias') as $module) {
  db_insert('system')->fields(array('filename' => "$module.module", 'name' => $module, 'type' => 'module', 'status' => 1, 'schema_version' => 7304, 'info' => $info))->execute();
}
$roles = array('anonymous user', 'authenticated user', 'aegir client', 'aegir account manager', 'aegir platform manager', 'aegir administrator', 'administrator');
foreach ($roles as $index => $role) {
  db_insert('role')->fields(array('rid' => $index + 1, 'name' => $role))->execute();
}
foreach (array(6, 7) as $rid) {
  db_insert('role_permission')->fields(array('rid' => $rid, 'permission' => 'administer sites'))->execute();
}
db_insert('sequences')->fields(array('value' => 1))->execute();
db_insert('users')->fields(array('uid' => 0, 'name' => '', 'mail' => ''))->execute();
db_insert('users')->fields(array('uid' => 1, 'name' => 'admin', 'mail' => 'admin@example.com', 'created' => time(), 'status' => 1))->execute();
$GLOBALS['user'] = user_load(1);

$node = function ($type, $title, array $properties) {
  $node = (object) ($properties + array('type' => $type, 'title' => $title, 'uid' => 1, 'status' => 1, 'language' => LANGUAGE_NONE));
  node_save($node);
  return $node;
};
$admin = $node('client', 'admin', array('uname' => 'admin', 'email' => ''));
hosting_client_associate(1, $admin->nid);
$octopus = $node('client', 'Octopus123456', array('uname' => 'octopus123456', 'email' => ''));
$site = function ($domain, $client, $platform) use ($node) {
  $site = $node('site', $domain, array('client' => $client->nid, 'platform' => $platform->nid, 'site_status' => HOSTING_SITE_QUEUED));
  $site = node_load($site->nid, NULL, TRUE);
  provision_site('install', $site, $client->uname);
  hosting_site_post_task('install', $site, FALSE);
  return $site->nid;
};
$hostmaster = $node('platform', 'hostmaster', array('publish_path' => getenv('HOME') . '/aegir/distro/001'));
db_insert('hosting_platform_client_access')->fields(array('pid' => $hostmaster->nid, 'cid' => $admin->nid))->execute();
hosting_context_register($site('o1.aegir.example.com', $admin, $hostmaster), 'hostmaster');
$open = NULL;
foreach ($seed->platforms as $title) {
  $platform = $node('platform', $title, array('publish_path' => "$platforms/$title"));
  $open = $open ? $open : $platform;
}
foreach ($seed->sites as $domain) {
  $site($domain, $octopus, $open);
}
// Their installs have long run.
db_query('UPDATE {hosting_task} SET task_status = 1, executed = :now', array(':now' => REQUEST_TIME));

variable_set('hosting_admin_client', (int) $admin->nid);
variable_set('hosting_default_client', (int) $octopus->nid);
variable_set('hosting_dispatch_enabled', TRUE);
variable_set('hosting_client_register_user', TRUE);
variable_set('hosting_client_send_welcome', TRUE);
