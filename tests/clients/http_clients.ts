import http from "node:http";
import type { Socket } from "node:net";
import * as undici from "undici";
import { createConnection } from "../../src/adapters/node.ts";
import { type Client, HOST } from "./client.ts";

function get(options: http.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => body += text).on("end", () => resolve(body));
    });
    request.on("error", reject);
  });
}

const httpAgent: Client = {
  server: "http",
  answer: "real",
  hasHook: true,
  open(port, guard) {
    const agent = new http.Agent({ keepAlive: true });
    if (guard === "hook") Object.assign(agent, { createConnection });
    return { ask: () => get({ host: HOST, port, agent }), close: () => agent.destroy() };
  },
};

const undiciFetch: Client = {
  server: "http",
  answer: "real",
  hasHook: true,
  open(port, guard) {
    const connectTls = undici.buildConnector({});
    const connect: undici.buildConnector.connector = (options, callback) => {
      const { hostname, port, protocol } = options;
      const socket: Socket = createConnection({
        host: hostname,
        port: Number(port) || (protocol === "https:" ? 443 : 80),
      });
      const fail = (error: Error): void => callback(error, null);
      socket.once("error", fail).once("connect", () => {
        socket.off("error", fail);
        if (protocol === "https:") connectTls({ ...options, httpSocket: socket }, callback);
        else callback(null, socket);
      });
    };
    const dispatcher = new undici.Agent(guard === "hook" ? { connect } : {});
    return {
      ask: async () => await (await undici.fetch(`http://${HOST}:${port}`, { dispatcher })).text(),
      // Bun has its own undici, in which an Agent is nothing.
      close: () => dispatcher.destroy?.(),
    };
  },
};

const builtInFetch: Client = {
  server: "http",
  answer: "real",
  hasHook: false,
  open: (port) => ({
    ask: async () => await (await fetch(`http://${HOST}:${port}`)).text(),
    close() {},
  }),
};

export const httpClients: Readonly<Record<string, Client>> = {
  "http.Agent": httpAgent,
  "undici": undiciFetch,
  "fetch": builtInFetch,
};
