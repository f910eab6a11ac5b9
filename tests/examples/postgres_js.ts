/** postgres.js. In a project of yours the import is "@realpeer/tcp/node". */
import postgres from "postgres";
import { createConnection } from "../../src/adapters/node.ts";

/** `socket` returns the socket at once: a promise that rejects would leave its connection waiting for ever. */
export function guardedSql(host: string, port: number, options: postgres.Options<Record<never, never>>): postgres.Sql {
  return postgres({ ...options, host, port, socket: () => createConnection(port, host) } as typeof options);
}
