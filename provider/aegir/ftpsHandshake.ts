/** A look at FTPS with explicit TLS (RFC 4217), as far as its handshake: no login is sent. */
import { connect } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { printable } from "../text/printable";

export interface FtpsHandshake {
  /** For example `TLSv1.3`; null if there was no handshake. */
  protocol: string | null;
  /** The names that the certificate is for; empty without a handshake. Many a server shows one that it made itself. */
  certificate: string;
  /** Why there was no handshake; null if there was. */
  problem: string | null;
}

const SECONDS = 10;
const MOST_BYTES = 4096;

export async function ftpsHandshake(host: string, port: number): Promise<FtpsHandshake> {
  const socket = connect({ host, port });
  const ended = new Promise<never>((_, reject) => {
    socket.setTimeout(SECONDS * 1000, () => reject(new Error(`no answer within ${SECONDS} s`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the connection was closed")));
  });
  try {
    return await Promise.race([handshake(), ended]);
  } catch (error) {
    return { protocol: null, certificate: "", problem: printable((error as Error).message, 200) };
  } finally {
    socket.destroy();
  }

  async function handshake(): Promise<FtpsHandshake> {
    await reply("220");
    socket.write("AUTH TLS\r\n");
    await reply("234");
    const tls = await new Promise<TLSSocket>((resolve, reject) => {
      // It is not trusted for anything: nothing is sent over it.
      const secured = connectTls({ socket, host, rejectUnauthorized: false }, () => resolve(secured));
      secured.on("error", reject);
    });
    const { subject, subjectaltname } = tls.getPeerCertificate();
    const certificate = printable(subjectaltname ?? String(subject?.CN ?? ""), 200);
    return { protocol: tls.getProtocol(), certificate, problem: null };
  }

  /** Waits for the last line of a reply: `220 ...`, after lines such as `220-...`. */
  function reply(code: string): Promise<void> {
    let text = "";
    return new Promise((resolve, reject) => {
      const listen = (piece: Buffer) => {
        text += piece.toString("latin1");
        const [, found] = /^(\d{3}) .*\r?\n/m.exec(text) ?? [];
        if (found === undefined && text.length < MOST_BYTES) return;
        socket.off("data", listen);
        if (found === code) resolve();
        else reject(new Error(`the server answered ${JSON.stringify(printable(text, 100))} instead of ${code}`));
      };
      socket.on("data", listen);
    });
  }
}
