/** A small Aegir for each test of a suite, with a clock that the test drives. */
import { RawWorker } from "../conformance/RawWorker";
import { PlainFiles } from "../support/PlainClient";
import { ManualClock } from "./Clock";
import { SmallAegir, type SmallAegirOptions } from "./SmallAegir";

/** As on BOA, in seconds: one task a minute, the account cron every three minutes. */
export const QUEUE_SECONDS = 60;
export const TASK_SECONDS = 10;
export const CRON_SECONDS = 180;

export class AegirFixture {
  aegir!: SmallAegir;
  clock!: ManualClock;

  constructor(options: SmallAegirOptions = {}) {
    beforeEach(async () => {
      this.clock = new ManualClock();
      const queue = { everySeconds: QUEUE_SECONDS, taskSeconds: TASK_SECONDS };
      this.aegir = await SmallAegir.start({ clock: this.clock, queue, cronSeconds: CRON_SECONDS, ...options });
    });
    afterEach(() => this.aegir.stop());
  }

  worker(): Promise<RawWorker> {
    return RawWorker.greeted(this.aegir.drush);
  }

  /** The main account's files. */
  mainFiles(): Promise<PlainFiles> {
    return this.files(this.aegir.accounts.user, this.aegir.accounts.password);
  }

  /** The files that a login sees. */
  files(user: string, password: string): Promise<PlainFiles> {
    const { host, port } = this.aegir.drush;
    return PlainFiles.open({ host, port, user, password });
  }

  /** What the password file of a login says. */
  password(login: string): string {
    return (this.aegir.tables().passwordFiles[login] ?? "").trim();
  }

  /** The site as the tables hold it; the live one of that domain. */
  site(domain: string) {
    const site = this.aegir.tables().sites.find(({ site, status }) => site === domain && status !== -2);
    if (site === undefined) throw new Error(`There is no live site ${domain}.`);
    return site;
  }

  client(internalName: string) {
    const client = this.aegir.tables().clients.find((other) => other.internalName === internalName);
    if (client === undefined) throw new Error(`There is no client ${internalName}.`);
    return client;
  }

  task(nid: number) {
    const task = this.aegir.tables().tasks.find((other) => other.nid === nid);
    if (task === undefined) throw new Error(`There is no task ${nid}.`);
    return task;
  }

  /** Until the next task has started, worked and got its status. */
  passTask(): void {
    this.clock.advance(QUEUE_SECONDS + TASK_SECONDS + 1);
  }
}
