-- The tables of Drupal 7 and of the hosting modules that the worker knows, with the columns and keys that matter to it.

CREATE TABLE variable (name varchar(128) NOT NULL DEFAULT '' PRIMARY KEY, value longblob NOT NULL);
CREATE TABLE cache_bootstrap (cid varchar(255) NOT NULL DEFAULT '' PRIMARY KEY, data longblob);
CREATE TABLE semaphore (
  name varchar(255) NOT NULL DEFAULT '' PRIMARY KEY, value varchar(255) NOT NULL DEFAULT '', expire double NOT NULL,
  KEY value (value), KEY expire (expire)
);
CREATE TABLE sequences (value int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE `system` (
  filename varchar(255) NOT NULL DEFAULT '' PRIMARY KEY, name varchar(255) NOT NULL DEFAULT '',
  type varchar(12) NOT NULL DEFAULT '', status int NOT NULL DEFAULT 0, schema_version smallint NOT NULL DEFAULT -1, info blob
);

CREATE TABLE users (
  uid int unsigned NOT NULL DEFAULT 0 PRIMARY KEY, name varchar(60) NOT NULL DEFAULT '', pass varchar(128) NOT NULL DEFAULT '',
  mail varchar(254) DEFAULT '', init varchar(254) DEFAULT '', created int NOT NULL DEFAULT 0, access int NOT NULL DEFAULT 0,
  login int NOT NULL DEFAULT 0, status tinyint NOT NULL DEFAULT 0, language varchar(12) NOT NULL DEFAULT '',
  UNIQUE KEY name (name), KEY access (access), KEY created (created), KEY mail (mail)
);
CREATE TABLE role (rid int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(64) NOT NULL DEFAULT '', UNIQUE KEY name (name));
CREATE TABLE role_permission (rid int unsigned NOT NULL, permission varchar(128) NOT NULL DEFAULT '', PRIMARY KEY (rid, permission), KEY permission (permission));
CREATE TABLE users_roles (uid int unsigned NOT NULL DEFAULT 0, rid int unsigned NOT NULL DEFAULT 0, PRIMARY KEY (uid, rid), KEY rid (rid));

CREATE TABLE node (
  nid int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, vid int unsigned DEFAULT NULL, type varchar(32) NOT NULL DEFAULT '',
  language varchar(12) NOT NULL DEFAULT '', title varchar(255) NOT NULL DEFAULT '', uid int NOT NULL DEFAULT 0,
  status int NOT NULL DEFAULT 1, created int NOT NULL DEFAULT 0, changed int NOT NULL DEFAULT 0,
  UNIQUE KEY vid (vid), KEY node_changed (changed), KEY node_created (created), KEY node_status_type (status, type, nid),
  KEY node_title_type (title, type(4)), KEY node_type (type(4)), KEY uid (uid), KEY language (language)
);
CREATE TABLE node_revision (
  nid int unsigned NOT NULL DEFAULT 0, vid int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, uid int NOT NULL DEFAULT 0,
  title varchar(255) NOT NULL DEFAULT '', log longtext NOT NULL, timestamp int NOT NULL DEFAULT 0, status int NOT NULL DEFAULT 1,
  KEY nid (nid), KEY uid (uid)
);
CREATE TABLE node_access (
  nid int unsigned NOT NULL DEFAULT 0, gid int unsigned NOT NULL DEFAULT 0, realm varchar(255) NOT NULL DEFAULT '',
  grant_view tinyint unsigned NOT NULL DEFAULT 0, grant_update tinyint unsigned NOT NULL DEFAULT 0, grant_delete tinyint unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (nid, gid, realm)
);

CREATE TABLE hosting_client (
  vid int unsigned NOT NULL DEFAULT 0 PRIMARY KEY, nid int unsigned NOT NULL DEFAULT 0, uname varchar(255) NOT NULL DEFAULT '',
  UNIQUE KEY uname_unq (uname)
);
CREATE TABLE hosting_client_user (
  user int unsigned NOT NULL DEFAULT 0, client int unsigned NOT NULL DEFAULT 0, contact_type varchar(255) NOT NULL DEFAULT '',
  PRIMARY KEY (user, client)
);
CREATE TABLE hosting_platform_client_access (pid int unsigned NOT NULL DEFAULT 0, cid int unsigned NOT NULL DEFAULT 0);
CREATE TABLE hosting_context (nid int unsigned NOT NULL DEFAULT 0 PRIMARY KEY, name varchar(229) NOT NULL, UNIQUE KEY name (name));
CREATE TABLE hosting_platform (
  vid int unsigned NOT NULL DEFAULT 0 PRIMARY KEY, nid int unsigned NOT NULL DEFAULT 0, publish_path longtext,
  status tinyint NOT NULL DEFAULT 0
);
CREATE TABLE hosting_site (
  vid int unsigned NOT NULL DEFAULT 0 PRIMARY KEY, nid int unsigned NOT NULL DEFAULT 0, client int NOT NULL DEFAULT 0,
  db_name varchar(64) DEFAULT '', platform int NOT NULL DEFAULT 0, last_cron int, cron_key varchar(80) DEFAULT '',
  verified int NOT NULL DEFAULT 0, status tinyint NOT NULL DEFAULT 0
);
CREATE TABLE hosting_site_alias (
  vid int NOT NULL DEFAULT 0, nid int unsigned NOT NULL DEFAULT 0, alias varchar(128) NOT NULL, automatic int NOT NULL DEFAULT 0,
  redirection varchar(255) NOT NULL, KEY vid (vid), KEY alias (alias)
);
CREATE TABLE hosting_ssl_cert (
  cid int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, ssl_key mediumtext NOT NULL, client int unsigned NOT NULL DEFAULT 0,
  status int unsigned NOT NULL DEFAULT 0, KEY ssl_key (ssl_key(50))
);
CREATE TABLE hosting_ssl_site (
  vid int unsigned NOT NULL DEFAULT 0, nid int unsigned NOT NULL DEFAULT 0, ssl_enabled int unsigned NOT NULL DEFAULT 0,
  ssl_key int unsigned NOT NULL DEFAULT 0, PRIMARY KEY (vid, nid)
);
CREATE TABLE hosting_task (
  vid int unsigned NOT NULL DEFAULT 0 PRIMARY KEY, nid int unsigned NOT NULL DEFAULT 0, task_type longtext, rid int NOT NULL DEFAULT 0,
  task_status int, executed int, delta int, KEY nid (nid)
);
CREATE TABLE hosting_task_log (
  lid int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, vid int NOT NULL DEFAULT 0, nid int unsigned NOT NULL DEFAULT 0,
  type varchar(16) NOT NULL DEFAULT '', message longtext NOT NULL, error longtext NOT NULL, timestamp int NOT NULL DEFAULT 0,
  KEY type (type), KEY vid_lid (vid, lid), KEY nid (nid)
);
