/**
 * What reads and writes the `authorized_keys` of a shell account: one constant command line for root. The directory
 * belongs to the account's holder, who may put links there. So root only becomes the account, and whatever is done in the
 * directory is done with the account's own rights. `runuser` asks for no password, and looks neither at its age nor at
 * the account's shell.
 *
 * Standard input, by lines: the login; the SHA-256 of the content that is to be replaced, `-` for an absent or an empty file, or `read`
 * to replace nothing; for a replacement the number of bytes; then the bytes. If some are missing nothing is written, and
 * the file is exchanged by a rename.
 */
export const KEY_MARK = "aegir-access-keys";

/** Bytes of an `authorized_keys` that are read. */
export const MOST_KEY_BYTES = 256 * 1024;

/** What the one line of output says after the mark: `read` with the content in base64, or a word alone. */
export type KeyAnswer = "read" | (typeof WORDS)[number];

export const WORDS = [
  "absent",
  "changed",
  "cutOff",
  "denied",
  "failed",
  "noAccount",
  "noDirectory",
  "notAFile",
  "tooLarge",
  "written",
] as const;

/** As the account, with its home as $1. Without single quotes, which stand around the whole. */
const AS_THE_ACCOUNT = [
  `say() { echo "${KEY_MARK} $*"; exit 0; }`,
  "umask 077",
  `cd -P "$1/.ssh" 2>/dev/null || say noDirectory`,
  "file=authorized_keys",
  `if [ -e $file ] || [ -L $file ]; then [ -f $file ] || say notAFile; [ -r $file ] || say denied`,
  `[ "$(stat -L -c %s $file)" -le ${MOST_KEY_BYTES} ] || say tooLarge`,
  "fi",
  `sum() { if [ -s $file ]; then sha256sum < $file | cut -d" " -f1; else echo -; fi; }`,
  "IFS= read -r expected || say cutOff",
  `if [ "$expected" = read ]; then [ -s $file ] || say absent`,
  `say read "$(head -c ${MOST_KEY_BYTES} $file | base64 -w 0)"; fi`,
  "IFS= read -r length || say cutOff",
  // StrictModes; and the holder may have forbidden the account to write.
  "chmod u+rwx,go-w . 2>/dev/null; rm -f .aegir-access.*",
  `new=$(mktemp .aegir-access.XXXXXX 2>/dev/null) || say denied`,
  `trap "rm -f $new" EXIT`,
  `head -c "$length" > "$new" || say failed`,
  `[ "$(stat -c %s "$new")" = "$length" ] || say cutOff`,
  `[ "$(sum)" = "$expected" ] || say changed`,
  `mv -fT "$new" $file 2>/dev/null || say failed`,
  "say written",
].join("; ");

const AS_ROOT = [
  `act() { ${AS_THE_ACCOUNT}; }`,
  `IFS= read -r login; [[ "$login" =~ ^[a-z][a-z0-9]*[.][a-z0-9]+$ ]] || exit 1`,
  `if ! entry=$(getent passwd "$login"); then echo "${KEY_MARK} noAccount"; exit 0; fi`,
  `IFS=: read -r name x uid gid gecos home shell <<< "$entry"; [ "$uid" -gt 0 ] || exit 1`,
  // Without root's environment, which the account could read; SHLVL keeps bash from reading the account's .bashrc.
  "exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin SHLVL=1 " +
    `runuser -u "$login" -- /bin/bash --noprofile --norc -c "$(declare -f act); act \\"\\$1\\"" bash "$home"`,
].join("; ");

export const KEY_SCRIPT = `/bin/bash -c '${AS_ROOT}'`;
