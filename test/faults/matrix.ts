/**
 * The fault matrix: what may go wrong, by the number with which the titles of its tests begin, and what is expected then.
 * `provider/docs/faults.md` is written from it and from the titles.
 */

/**
 * What is the case when the run has ended: it made up for it (`done`), or it failed, and its message says that nothing was
 * done (`notDone`), that the change is recorded and not effective (`recorded`), or that this is not known (`unknown`).
 */
export type Effect = "done" | "notDone" | "recorded" | "unknown";

export interface Fault {
  what: string;
  expected: string;
  /** Those that may be; the tests hold the messages of failed runs to them. */
  effects: Effect[];
}

export interface FaultGroup {
  name: string;
  faults: Readonly<Record<number, Fault>>;
}

export const matrix: FaultGroup[] = [
  {
    name: "Reaching the server",
    faults: {
      1: {
        what: "The port is closed.",
        expected: "Tried again a few times, with pauses; the message names host and port. No resource counts as gone.",
        effects: ["notDone"],
      },
      2: {
        what: "The host's name does not resolve.",
        expected: "Tried once more at most; the message says that it is a matter of DNS.",
        effects: ["notDone"],
      },
      3: {
        what: "The server takes the connection and never greets.",
        expected: "Each attempt ends at its deadline.",
        effects: ["notDone"],
      },
      4: {
        what: "Something answers that is no SSH server.",
        expected: "Refused at once, with the beginning of its text, escaped.",
        effects: ["notDone"],
      },
      5: {
        what: "The host key is unknown.",
        expected: "Refused; the message shows the fingerprint and how to pin it. Nothing is sent.",
        effects: ["notDone"],
      },
      6: {
        what: "The host key has changed, at the server or at a bastion.",
        expected: "Refused with both fingerprints. No user name, key or password is offered.",
        effects: ["notDone"],
      },
      7: {
        what: "The server has a host key of another type than the pinned one.",
        expected: "The pinned type is asked for; a server without it is refused.",
        effects: ["notDone"],
      },
      8: {
        what: "User, key or password is wrong.",
        expected: "One attempt for all resources together, since servers shut out who keeps trying.",
        effects: ["notDone"],
      },
      9: {
        what: "The private key is encrypted, damaged or none.",
        expected: "Refused before any connection is made; nothing of the key is shown.",
        effects: ["notDone"],
      },
      10: {
        what: "The server drops logins because there are too many.",
        expected: "Tried again; there is one login for everything anyway.",
        effects: ["done"],
      },
      11: {
        what: "The server allows few channels on a connection.",
        expected: "Few are used; what is refused one waits its turn, and is given up in time.",
        effects: ["done"],
      },
      12: {
        what: "A bastion is down or dies.",
        expected: "The message names the bastion, and does not blame the server behind it.",
        effects: ["notDone"],
      },
    },
  },
  {
    name: "While something is being done",
    faults: {
      13: {
        what: "The connection is reset before the command starts.",
        expected: "Nothing is done twice; at most this run fails.",
        effects: ["done", "notDone", "unknown"],
      },
      14: {
        what: "The connection is reset after the change and before its answer.",
        expected: "The same run connects anew, looks, and goes on. No second object.",
        effects: ["done"],
      },
      15: {
        what: "The connection goes silent.",
        expected:
          "Given up after 45 s; what was asked counts as unknown. A server that is busy and answers is not given up.",
        effects: ["unknown"],
      },
      16: {
        what: "A request is cut on its way.",
        expected: "The server acts on the whole of it or on nothing.",
        effects: ["done", "notDone", "unknown"],
      },
      17: {
        what: "An answer is cut on its way.",
        expected: "Never taken for an answer. No resource counts as gone.",
        effects: ["done", "notDone", "unknown"],
      },
      18: {
        what: "The command ends without an exit code.",
        expected: "No success.",
        effects: ["done", "unknown"],
      },
      19: {
        what: "A signal kills the command.",
        expected: "The message names the signal, and says that it is not known whether it was done.",
        effects: ["unknown"],
      },
      20: {
        what: "The server closes the channel while it is being written to.",
        expected: "Ends at once; what was not sent is known.",
        effects: ["notDone", "unknown"],
      },
      21: {
        what: "The connection is very slow.",
        expected: "Works; a deadline that is missed says which.",
        effects: ["done", "notDone"],
      },
      22: {
        what: "The server's output is huge or endless.",
        expected: "Cut off at a limit, in bounded memory; the message has its first and its last part.",
        effects: ["notDone"],
      },
      23: {
        what: "Greetings, notices and login scripts print around the answers.",
        expected: "Read over.",
        effects: ["done"],
      },
      24: {
        what: "An exit code of 0 without an answer, or an answer that says error.",
        expected: "Failures both.",
        effects: ["notDone"],
      },
      25: {
        what: "The server exchanges keys, or closes the connection between two operations.",
        expected: "Connected anew without a word, and never within an operation.",
        effects: ["done"],
      },
      26: {
        what: "The server's clock is set.",
        expected: "Makes no difference: no time of the server is compared with ours.",
        effects: ["done"],
      },
      27: {
        what: "The server's disk is full or read-only.",
        expected: "Told in the server's words; the old password stays.",
        effects: ["notDone"],
      },
      28: {
        what: "The server's sshd is restarted.",
        expected: "Connected to once more; the same run goes on.",
        effects: ["done", "unknown"],
      },
    },
  },
  {
    name: "Being killed",
    faults: {
      29: {
        what: "The provider, the engine or the server's process is killed at a write that makes something.",
        expected: "The next run finds what was made and goes on; no second object, whatever the state remembers.",
        effects: ["done", "unknown"],
      },
      30: {
        what: "Ctrl-C, once or twice.",
        expected: "Ends at once and leaves no lock.",
        effects: ["unknown"],
      },
      31: {
        what: "Killed between two steps of one change.",
        expected: "The next run does what is missing, and no step twice; no site is without an owner meanwhile.",
        effects: ["done", "unknown"],
      },
      32: {
        what: "Killed while a file is written.",
        expected: "No file is ever written.",
        effects: [],
      },
      33: {
        what: "Killed at a write that removes something.",
        expected: "What is not there any more counts as removed.",
        effects: ["done", "unknown"],
      },
    },
  },
  {
    name: "Somebody else writes",
    faults: {
      34: {
        what: "Two deployments at once.",
        expected: "A lock of the database keeps their writes apart; who waits too long reads who holds it.",
        effects: ["done", "notDone"],
      },
      35: {
        what: "Who holds the lock dies.",
        expected: "The lock goes with its connection.",
        effects: ["done"],
      },
      36: {
        what: "Somebody changes in the panel what the deployment is about to change.",
        expected: "Refused, showing what was expected and what was found. Nothing is overwritten unseen.",
        effects: ["notDone"],
      },
      37: {
        what: "What is declared is there already, and somebody else's.",
        expected: "Refused, showing both, until `onExisting` or `takeOverFrom` says that it is meant.",
        effects: ["notDone"],
      },
      38: {
        what: "Something was deleted by hand.",
        expected: "Gone only if the server says so; the next deployment makes it again.",
        effects: ["notDone", "unknown"],
      },
      39: {
        what: "BOA's cron removes the login.",
        expected: "A refresh shows it; the login comes back with its site.",
        effects: ["done"],
      },
      40: {
        what: "The server cannot make the account.",
        expected: "No account is made from here. The wait for BOA's cron has an end, and names what stops it.",
        effects: ["notDone"],
      },
      41: {
        what: "A user or a client vanishes on the way.",
        expected: "The message names it; nothing is half bound.",
        effects: ["notDone"],
      },
    },
  },
  {
    name: "Bad or hostile input",
    faults: {
      42: {
        what: "Names with quotes, `;`, `$(`, line feeds, NUL.",
        expected: "Refused in the preview, or stored letter by letter. Never in a command line.",
        effects: ["notDone"],
      },
      43: {
        what: "PHP in a name.",
        expected: "Data and nothing else.",
        effects: ["notDone"],
      },
      44: {
        what: "Options and aliases in a name or in the configuration.",
        expected: "Refused, or data.",
        effects: ["notDone"],
      },
      45: {
        what: "Names and links that lead to another file.",
        expected: "Refused; no link is followed.",
        effects: ["notDone"],
      },
      46: {
        what: "Names that look alike, or hold what cannot be seen.",
        expected: "One normal form; what deceives the eye is refused in the preview.",
        effects: ["notDone"],
      },
      47: {
        what: "Names that the server keeps for itself.",
        expected: "Refused in the preview.",
        effects: ["notDone"],
      },
      48: {
        what: "YAML with duplicate keys, alias bombs, `no`, tabs, or 50 MB.",
        expected: "Refused with file, line and caret.",
        effects: ["notDone"],
      },
      49: {
        what: "The manifest was emptied by mistake.",
        expected: "Refused; the server's own clients cannot be removed at all.",
        effects: ["notDone"],
      },
      50: {
        what: "Several mistakes in one manifest.",
        expected: "All in one report.",
        effects: ["notDone"],
      },
    },
  },
  {
    name: "Leaks and displays",
    faults: {
      51: {
        what: "A secret in an output, an error, the state, a log or a process list.",
        expected: "In none of them, whatever goes wrong.",
        effects: ["done", "notDone", "recorded", "unknown"],
      },
      52: {
        what: "Server text that acts on a terminal or on a CI runner.",
        expected: "Shown escaped, on one line.",
        effects: ["notDone", "recorded"],
      },
    },
  },
];

export const faults: Readonly<Record<number, Fault>> = Object.assign(
  {},
  ...matrix.map((group) => group.faults),
) as Record<number, Fault>;
