import type { ServerConfiguration } from "./ServerConfiguration";

/** Where the users of shell accounts log in. */
export interface LoginAddress {
  host: string;
  /** SSH and SFTP. */
  sshPort: number;
  /** FTPS with explicit TLS. */
  ftpsPort: number;
}

export function loginAddress({ accounts, connection }: ServerConfiguration): LoginAddress {
  return {
    host: accounts?.host ?? accounts?.connection?.host ?? connection?.host ?? "",
    sshPort: (accounts?.connection ?? connection)?.port ?? 22,
    ftpsPort: 21,
  };
}
