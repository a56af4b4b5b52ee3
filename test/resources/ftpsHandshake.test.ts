/** FTPS is looked at as far as its handshake: a server that answers as pure-ftpd does, and servers that do not. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { ftpsHandshake } from "../../provider/aegir/ftpsHandshake";
import { skip } from "../support/skip";

describe("a look at FTPS", () => {
  const directory = mkdtempSync(join(tmpdir(), "aegir-ftps-"));
  let server = createServer();
  const heard: string[] = [];

  before(function () {
    if (spawnSync("openssl", ["version"]).error) skip(this, "a look at FTPS", "apt-get install openssl");
    const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
    const subject = ["-subj", "/CN=ftp.example.com", "-days", "2"];
    const made = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-keyout",
      key,
      "-out",
      certificate,
    ];
    execFileSync("openssl", ["req", "-x509", ...made, ...subject], { stdio: "ignore" });
  });
  after(() => rmSync(directory, { recursive: true, force: true }));
  afterEach(() => void server.close());

  /** @param answer to each line that it hears */
  async function listen(greeting: string, answer: (line: string, socket: Socket) => void): Promise<number> {
    heard.length = 0;
    server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write(greeting);
      socket.once("data", (piece) => {
        heard.push(piece.toString());
        answer(piece.toString(), socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as { port: number }).port;
  }

  it("ends after the handshake, and sends no login", async () => {
    const port = await listen("220-Welcome\r\n220 Ready\r\n", (_line, socket) => {
      socket.write("234 AUTH TLS OK.\r\n");
      const [key, cert] = ["key.pem", "certificate.pem"].map((file) => readFileSync(join(directory, file)));
      const tls = new TLSSocket(socket, { isServer: true, key: key!, cert: cert! });
      tls.on("data", (piece: Buffer) => heard.push(piece.toString()));
      tls.on("error", () => undefined);
    });
    const { protocol, certificate, problem } = await ftpsHandshake("127.0.0.1", port);
    assert.equal(problem, null);
    assert.match(protocol!, /^TLSv1\.[23]$/);
    assert.equal(certificate, "ftp.example.com");
    assert.deepEqual(heard, ["AUTH TLS\r\n"]);
  });

  for (const [what, greeting, answer, says] of [
    ["refuses TLS", "220 Ready\r\n", "500 This security scheme is not implemented\r\n", /instead of 234/],
    ["is too busy", "421 8 users (the maximum) are already logged in\r\n", "", /instead of 220/],
    ["speaks something else", "SSH-2.0-OpenSSH_9.2\r\n", "", /closed/],
    ["answers with what is not TLS", "220 Ready\r\n", "234 Fine\r\nnot TLS at all\r\n", /./],
  ] as const) {
    it(`says why there is none with a server that ${what}`, async () => {
      const port = await listen(greeting, (_line, socket) => void socket.end(answer));
      if (what === "speaks something else") server.on("connection", (socket: Socket) => void socket.end());
      const { protocol, problem } = await ftpsHandshake("127.0.0.1", port);
      assert.equal(protocol, null);
      assert.match(problem!, says);
    });
  }

  it("says why there is none where nothing listens", async () => {
    const port = await listen("", () => undefined);
    await new Promise((resolve) => server.close(resolve));
    assert.match((await ftpsHandshake("127.0.0.1", port)).problem!, /ECONNREFUSED/);
  });
});
