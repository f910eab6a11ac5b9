import { Socket } from "node:net";
import mysql from "mysql2/promise";
import pg from "pg";
import postgres from "postgres";
import { createConnection, guardSocket } from "../../src/adapters/node.ts";
import { type Client, HOST } from "./client.ts";

const pgClient: Client = {
  server: "postgres",
  answer: [{ answer: 1 }],
  hasHook: true,
  open(port, guard, onError) {
    const stream = guard === "hook" ? { stream: () => guardSocket(new Socket()) } : {};
    return {
      async ask() {
        const client = new pg.Client({ host: HOST, port, user: "postgres", database: "postgres", ...stream });
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
  open(port, guard) {
    const socket = { socket: () => createConnection(port, HOST) };
    const options = { host: HOST, port, user: "postgres", database: "postgres", backoff: () => 0.05, max: 1 };
    const sql = postgres({ ...options, ...(guard === "hook" ? socket : {}) });
    return { ask: async () => [...await sql`select 1 as answer`], close: () => sql.end({ timeout: 0 }) };
  },
};

const mysql2: Client = {
  server: "mysql",
  answer: [{ answer: 1 }],
  hasHook: true,
  open(port, guard) {
    const stream = guard === "hook" ? { stream: () => createConnection({ host: HOST, port }) } : {};
    return {
      async ask() {
        const connection = await mysql.createConnection({ host: HOST, port, user: "root", ...stream });
        const [rows] = await connection.query("select 1 as answer");
        await connection.end();
        return rows;
      },
      close() {},
    };
  },
};

export const sqlClients: Readonly<Record<string, Client>> = { "pg": pgClient, "postgres.js": postgresJs, mysql2 };
