/** pg connects the socket by itself. In a project of yours the import is "@realpeer/tcp/node". */
import { Socket } from "node:net";
import pg from "pg";
import { guardSocket } from "../../src/adapters/node.ts";

export function guardedClient(options: pg.ClientConfig): pg.Client {
  return new pg.Client({ ...options, stream: () => guardSocket(new Socket()) });
}
