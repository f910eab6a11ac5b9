/** mysql2. In a project of yours the import is "@realpeer/tcp/node". */
import mysql from "mysql2/promise";
import { createConnection } from "../../src/adapters/node.ts";

export function guardedConnection(
  host: string,
  port: number,
  options: mysql.ConnectionOptions,
): Promise<mysql.Connection> {
  return mysql.createConnection({ ...options, host, port, stream: () => createConnection({ host, port }) });
}
