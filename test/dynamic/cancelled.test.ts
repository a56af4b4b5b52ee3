/** Ctrl-C, and a CLI that is killed: the provider process ends its waits within seconds, and says what is now the case. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { ServiceError } from "@grpc/grpc-js";
import { SmallAegir } from "../aegir/SmallAegir";
import { until } from "../support/until";
import { initFailure, ProviderProcess } from "./ProviderProcess";

const site = "www.acme.example";
const server = "main";

/** What an engine listens with. */
class Engine {
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #listener: Http2Server = createServer();

  async start(): Promise<string> {
    this.#listener.on("session", (session) => this.#sessions.add(session));
    this.#listener.listen(0, "127.0.0.1");
    await once(this.#listener, "listening");
    return `127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  get watched(): boolean {
    return this.#sessions.size > 0;
  }

  /** As kill -9 does it. */
  die(): void {
    this.#listener.close();
    for (const session of this.#sessions) session.destroy();
  }

  /** A connection that breaks while the engine lives. */
  dropConnections(): void {
    for (const session of this.#sessions) session.destroy();
    this.#sessions.clear();
  }
}

describe("a deployment that is stopped", () => {
  let aegir: SmallAegir;
  let engine: Engine;
  let provider: ProviderProcess;

  beforeEach(async () => {
    aegir = await SmallAegir.start({ cronSeconds: 3600 });
    engine = new Engine();
    provider = await ProviderProcess.start({}, await engine.start());
    // The waits are as long as those of a deployment: what ends them early is not their time.
    await provider.configure({ "aegir:servers": JSON.stringify({ main: aegir.configuration() }) });
    aegir.addSites([{ site }]);
    await provider.create("AegirClient", { name: "Acme Corp", internalName: "acme", server });
  });
  afterEach(async () => {
    await provider.end();
    engine.die();
    await aegir.stop();
  });

  const errorOf = (operation: Promise<unknown>): Promise<ServiceError> =>
    operation.then(
      () => assert.fail("it should have failed"),
      (error: ServiceError) => error,
    );
  const owner = () => aegir.tables().sites.find((each) => each.site === site)?.owner;
  const seconds = (since: number) => (performance.now() - since) / 1000;

  it("cancel: a handover that waits for its verify ends within seconds, and says that the change is recorded", async () => {
    aegir.panel.pauseQueue();
    const failing = errorOf(provider.create("SiteOwnership", { site, client: "acme", server }));
    await until(() => owner() === "acme");
    const since = performance.now();
    await provider.cancel();
    const error = await failing;
    assert.ok(seconds(since) < 5, `${seconds(since)} s`);
    assert.match(error.details, /recorded as owned by acme, but that is not effective: the wait for the verify of www/);
    assert.match(error.details, /ended because the deployment was cancelled.*The change is recorded on the server\./);
    assert.match(error.details, /Run the same command again: it looks first and continues where this one stopped\.$/);
    assert.equal(initFailure(error)?.properties["applied"], false);
  });

  it("cancel: a shell account that is waited for ends within seconds, and says that nothing was changed", async () => {
    const failing = errorOf(
      provider.create("SiteOwnership", { site, client: "acme", server }).then(() => {
        const making = provider.create("ShellAccount", { client: "acme", server });
        void until(() => (aegir.counts.requests.client ?? 0) > 0).then(() => provider.cancel());
        return making;
      }),
    );
    const error = await failing;
    assert.match(
      error.details,
      /the wait for the password of o1\.acme ended because .*Nothing was changed\. Run the same/,
    );
  });

  it("cancel: a server that cannot be reached is not tried for the rest of a minute", async () => {
    await aegir.down();
    const failing = errorOf(provider.create("AegirClient", { name: "Beta", internalName: "beta", server }));
    const since = performance.now();
    await provider.cancel();
    const error = await failing;
    assert.ok(seconds(since) < 5, `${seconds(since)} s`);
    assert.match(error.details, /Nothing was done\. |Nothing was changed|was not sent|is unknown/);
  });

  it("cancel: a request that is not answered ends after a few seconds, and says that its outcome is unknown", async () => {
    const hold = aegir.faults.holdRequest("createClient", "committed");
    const failing = errorOf(provider.create("AegirClient", { name: "Beta", internalName: "beta", server }));
    await hold.reached;
    const since = performance.now();
    await provider.cancel();
    const error = await failing;
    assert.ok(seconds(since) < 8, `${seconds(since)} s`);
    assert.match(error.details, /Whether createClient was done is unknown/);
    hold.release();
  });

  it("killed CLI: the provider process ends within seconds, and its SSH connection with it", async () => {
    aegir.panel.pauseQueue();
    const failing = errorOf(provider.create("SiteOwnership", { site, client: "acme", server }));
    await until(() => owner() === "acme" && engine.watched);
    const since = performance.now();
    engine.die();
    await failing;
    assert.equal(await provider.ended(), 1);
    assert.ok(seconds(since) < 6, `${seconds(since)} s`);
  });

  it("killed CLI: a connection that breaks while the engine lives stops nothing", async () => {
    await until(() => engine.watched);
    engine.dropConnections();
    await until(() => engine.watched);
    const made = await provider.create("SiteOwnership", { site, client: "acme", server });
    assert.equal(made.properties["applied"], true);
  });
});
