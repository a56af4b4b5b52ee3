import { connect } from "node:net";
import type { IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from "ssh2";
import { BaseAgent, createAgent, utils } from "ssh2";
import { printable } from "../text/printable";

const AGENT_MILLISECONDS = 10_000;

/** What an SSH agent holds. */
export interface Agent {
  /** Null if it does not answer. */
  keys: ParsedKey[] | null;
  /** The types of its certificates, which ssh2 cannot offer. */
  certificates: string[];
  /** The agent, as if it held these keys only. */
  restrictedTo: (keys: ParsedKey[]) => BaseAgent<ParsedKey>;
}

export async function openAgent(socketPath: string): Promise<Agent> {
  const agent = createAgent(socketPath);
  const [keys, certificates] = await Promise.all([identities(agent), certificatesOf(socketPath)]);
  return { keys, certificates, restrictedTo: (keys) => new RestrictedAgent(agent, keys) };
}

/** The keys that an agent holds; null if it does not answer. */
function identities(agent: BaseAgent): Promise<ParsedKey[] | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), AGENT_MILLISECONDS);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      const parsed = keys?.map((key) => utils.parseKey(key as ParsedKey)) ?? [];
      resolve(error ? null : parsed.filter((key): key is ParsedKey => !(key instanceof Error)));
    });
  });
}

/**
 * The types of the certificates that an agent holds, which ssh2 silently leaves out. Empty if the agent does not answer in
 * OpenSSH's protocol: then messages do not mention certificates. The request and the answer: draft-miller-ssh-agent, 4.4.
 */
function certificatesOf(socketPath: string): Promise<string[]> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let answer = Buffer.alloc(0);
    const end = (types: string[]): void => {
      socket.destroy();
      resolve(types);
    };
    socket.setTimeout(AGENT_MILLISECONDS, () => end([]));
    socket.on("error", () => end([]));
    socket.on("end", () => end([]));
    socket.on("connect", () => socket.write(Buffer.from([0, 0, 0, 1, 11])));
    socket.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length >= 4 && answer.length >= 4 + answer.readUInt32BE(0)) end(certificateTypes(answer.subarray(4)));
    });
  });
}

function certificateTypes(answer: Buffer): string[] {
  const types: string[] = [];
  try {
    let at = 5;
    const field = (): Buffer => {
      const length = answer.readUInt32BE(at);
      at += 4 + length;
      return answer.subarray(at - length, at);
    };
    for (let keys = answer.readUInt32BE(1); keys > 0; keys--) {
      const key = field();
      field();
      const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
      if (/-cert-v\d+@openssh\.com$/.test(type)) types.push(printable(type, 60));
    }
  } catch (error) {
    // Cut off, or not a list: keep what could be read.
    if (!(error instanceof RangeError)) throw error;
  }
  return types;
}

class RestrictedAgent extends BaseAgent<ParsedKey> {
  constructor(
    private readonly agent: BaseAgent,
    private readonly keys: ParsedKey[],
  ) {
    super();
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(undefined, this.keys);
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    this.agent.sign(key, data, options as SigningRequestOptions, done);
  }
}
