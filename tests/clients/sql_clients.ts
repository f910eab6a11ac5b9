import { type Client, HOST } from "./client.ts";

const pgClient: Client = {
  server: "postgres",
  answer: [{ answer: 1 }],
  hasHook: true,
  async open(port, guard, onError) {
    const { default: pg } = await import("pg");
    const { guardedClient } = await import("../examples/pg.ts");
    const options = { host: HOST, port, user: "postgres", database: "postgres" };
    return {
      async ask() {
        const client = guard === "hook" ? guardedClient(options) : new pg.Client(options);
        client.on("error", onError);
        await client.connect();
        const { rows } = await client.query("select 1 as answer");
        await client.end();
        return rows;
      },
      close() {},
    };
  },
};

const postgresJs: Client = {
  server: "postgres",
  answer: [{ answer: 1 }],
  hasHook: true,
  async open(port, guard) {
    const { default: postgres } = await import("postgres");
    const { guardedSql } = await import("../examples/postgres_js.ts");
    const options = { user: "postgres", database: "postgres", backoff: () => 0.05, max: 1 };
    const sql = guard === "hook" ? guardedSql(HOST, port, options) : postgres({ host: HOST, port, ...options });
    return { ask: async () => [...await sql`select 1 as answer`], close: () => sql.end({ timeout: 0 }) };
  },
};

const mysql2: Client = {
  server: "mysql",
  answer: [{ answer: 1 }],
  hasHook: true,
  async open(port, guard) {
    const { default: mysql } = await import("mysql2/promise");
    const { guardedConnection } = await import("../examples/mysql2.ts");
    return {
      async ask() {
        const connection = guard === "hook"
          ? await guardedConnection(HOST, port, { user: "root" })
          : await mysql.createConnection({ host: HOST, port, user: "root" });
        const [rows] = await connection.query("select 1 as answer");
        await connection.end();
        return rows;
      },
      close() {},
    };
  },
};

export const sqlClients: Readonly<Record<string, Client>> = { "pg": pgClient, "postgres.js": postgresJs, mysql2 };
