/**
 * The door: a real SSH server on the loopback interface. Who may come in, and what a login gets, is asked of its house at
 * every attempt, so that a password that was replaced a moment ago is refused.
 */
import type { Socket } from "node:net";
import { type AuthContext, type AuthenticationType, type Connection, Server, type ServerChannel } from "ssh2";
import { type KeyPair, signed } from "../support/keys";
import { Listener } from "../support/Listener";
import type { Disk } from "./Disk";
import type { Faults } from "./Faults";
import { serveSftp, type Shown } from "./SftpSession";
import type { Running, Terminal } from "./WorkerProcess";

/** sshd's `MaxSessions`: further sessions of one connection are refused at once (docs/aegir.md#account-limits). */
const MAX_SESSIONS = 10;
/** mysecureshell's limit of connections of one user (docs/aegir.md#account-limits). */
const MAX_SFTP_CONNECTIONS = 5;

export interface Login {
  password?: string;
  /** `ssh-ed25519 AAAA...` */
  publicKey?: string;
  /** Lines of its `authorized_keys`, which may begin with options. */
  authorizedKeys?: string;
  /** Whether it runs commands, or has SFTP alone, from mysecureshell. */
  hasShell: boolean;
  /** Whether its password has expired: it gets in, and then nothing but the advice to change it. */
  hasExpired?: boolean;
  /** What SFTP shows it. */
  shown: Shown;
}

export interface House {
  /** The login of that name as it is now. */
  login(user: string): Login | undefined;
  /** Runs a command of a shell; null if it was answered with an exit code at once. */
  run(command: string, terminal: Terminal): Running | null;
}

export interface SshCounts {
  /** Logins that succeeded, by user. */
  connections: Record<string, number>;
  /** Attempts with a credential. Asking for the methods is none, nor is the offer of a key that would do. */
  authentications: { accepted: number; rejected: number };
  /** Files that were removed over SFTP. */
  unlinks: number;
}

export class SshServer extends Listener {
  /** The users of the connections that have SFTP alone. */
  readonly #users = new WeakMap<Socket, string>();

  constructor(
    private readonly house: House,
    /** The one that it shows to new connections. */
    public hostKey: KeyPair,
    readonly disk: Disk,
    readonly faults: Faults,
    private readonly counts: SshCounts,
    private readonly report: (line: string) => void,
  ) {
    super((socket) => {
      const ssh = new Server({ hostKeys: [this.hostKey.private], ident: "OpenSSH_9.2p1" });
      ssh.on("connection", (connection) => this.#accept(connection, socket));
      ssh.injectSocket(socket);
    });
  }

  #accept(connection: Connection, socket: Socket): void {
    let login: Login | undefined;
    let user = "";
    let sessions = 0;
    // A client that goes away in the middle of something is no news.
    connection.on("error", () => undefined);
    connection.on("authentication", (context) => {
      const candidate = this.house.login(context.username);
      const methods: AuthenticationType[] = this.faults.keysOnly ? ["publickey"] : ["publickey", "password"];
      const answer = methods.includes(context.method) ? authenticate(context, candidate) : "asked";
      if (answer === "probed") return context.accept();
      if (answer === "asked") return context.reject(methods);
      this.counts.authentications[answer]++;
      this.report(`login of ${JSON.stringify(context.username)} with ${context.method}: ${answer}`);
      if (answer === "rejected") return context.reject(methods);
      login = candidate;
      user = context.username;
      context.accept();
    });
    connection.on("ready", () => {
      this.counts.connections[user] = (this.counts.connections[user] ?? 0) + 1;
      if (login?.hasShell) return;
      this.#users.set(socket, user);
      const open = [...this.sockets].filter((other) => this.#users.get(other) === user).length;
      if (open > MAX_SFTP_CONNECTIONS) connection.end();
    });
    connection.on("session", (accept, reject) => {
      if (sessions >= MAX_SESSIONS) return reject();
      sessions++;
      const session = accept();
      session.on("close", () => sessions--);
      if (login?.hasExpired || this.faults.expiredPasswords.has(user)) {
        for (const request of ["exec", "subsystem"]) {
          session.on(request, (acceptRequest: () => ServerChannel) => refuseExpired(acceptRequest()));
        }
        return;
      }
      session.on("exec", (acceptExec, rejectExec, { command }) => {
        if (!login?.hasShell) return rejectExec();
        this.#run(command, acceptExec(), socket);
      });
      session.on("sftp", (acceptSftp, rejectSftp) => {
        if (login === undefined) return rejectSftp();
        serveSftp(acceptSftp(), this, login.shown, () => this.counts.unlinks++);
      });
    });
  }

  #run(command: string, channel: ServerChannel, socket: Socket): void {
    const exited = () => channel.end();
    const process = this.house.run(command, {
      write: (output) => void channel.write(output),
      writeError: (output) => void channel.stderr.write(output),
      exit: (code) => {
        channel.exit(code);
        exited();
      },
      kill: (signal) => {
        channel.exit(signal);
        exited();
      },
      close: () => channel.close(),
      cutConnection: () => socket.destroySoon(),
    });
    if (process === null) return;
    channel.on("data", (piece: Buffer) => process.receive(piece));
    channel.on("end", () => process.end());
    channel.on("close", () => process.abandon());
  }
}

/** What OpenSSH does in the place of any command of a login that must change its password first. */
function refuseExpired(channel: ServerChannel): void {
  channel.stderr.write("WARNING: Your password has expired.\nPassword change required but no TTY available.\n");
  channel.exit(1);
  channel.end();
}

/** `probed`: a public key that would do was shown, unsigned. `asked`: no credential was offered. */
function authenticate(context: AuthContext, login: Login | undefined): "accepted" | "rejected" | "probed" | "asked" {
  switch (context.method) {
    case "password":
      return login?.password !== undefined && context.password === login.password ? "accepted" : "rejected";
    case "publickey": {
      const lines = [login?.publicKey, ...(login?.authorizedKeys?.split("\n") ?? [])];
      const known = lines.some((line) => line?.split(" ").includes(context.key.data.toString("base64")));
      const verdict = signed(context);
      if (verdict === undefined) return known ? "probed" : "rejected";
      return known && verdict ? "accepted" : "rejected";
    }
    case "none":
    case "hostbased":
    case "keyboard-interactive":
      return "asked";
  }
}
