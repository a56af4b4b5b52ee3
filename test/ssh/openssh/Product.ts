/** The whole product over OpenSSH: a small Aegir whose Drush, the only thing that is not real, is reached through an sshd. */
import { configureServers, endServers } from "../../../provider/aegir/servers";
import { aegirClient } from "../../../provider/resources/AegirClient";
import { siteOwnership } from "../../../provider/resources/SiteOwnership";
import { SmallAegir, type SmallAegirOptions } from "../../aegir/SmallAegir";
import { newProviderProcess } from "../../support/newProviderProcess";
import { DrushDoor } from "../DrushDoor";
import { type OpenSshOptions, OpenSshServer } from "../OpenSshServer";
import { type KeyPair, newKey } from "../ScriptedServer";

export const SITE = "www.acme.example";
const server = "main";

export interface ProductOptions extends OpenSshOptions {
  /** What stands before the key in authorized_keys; told the path of `drush`. */
  keyOptions?: (drush: string) => string;
  aegir?: SmallAegirOptions;
}

export class Product {
  private constructor(
    readonly aegir: SmallAegir,
    readonly sshd: OpenSshServer,
    readonly door: DrushDoor,
    readonly login: KeyPair,
  ) {}

  static async start(options: ProductOptions = {}): Promise<Product> {
    const aegir = await SmallAegir.start(options.aegir);
    aegir.addSites([{ site: SITE }]);
    const login = newKey();
    const sshd = await OpenSshServer.start({ authorizedKeys: [login.public], ...options });
    const door = await DrushDoor.open(aegir, () => sshd.breakConnections());
    if (options.keyOptions) sshd.authorize(`${options.keyOptions(door.program)} ${login.public}`);
    const product = new Product(aegir, sshd, door, login);
    configureServers(JSON.stringify({ [server]: product.configuration() }));
    return product;
  }

  /** What a stack would put under `aegir:servers`. */
  configuration(): object {
    return {
      connection: { ...this.sshd.args(), privateKey: this.login.private },
      drush: { command: this.door.program },
      waits: { pollSeconds: 0.05 },
    };
  }

  async makeClient(internalName: string): Promise<void> {
    await aegirClient.create({ name: `Client ${internalName}`, internalName, server });
  }

  /** Makes a client and gives it the site, until that is effective. */
  async handOver(internalName: string): Promise<void> {
    await this.makeClient(internalName);
    await siteOwnership.create({ site: SITE, client: internalName, server });
  }

  /** The site's owner, from the server's own tables. */
  get owner(): string | null | undefined {
    return this.aegir.tables().sites.find(({ site }) => site === SITE)?.owner;
  }

  async stop(): Promise<void> {
    newProviderProcess();
    await endServers();
    await this.sshd.stop();
    this.door.close();
    await this.aegir.stop();
  }
}
