import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import * as undici from "undici";
import { createConnection, guardSocket } from "../../src/adapters/node.ts";
import { type Client, HOST } from "./client.ts";

function answerOf(request: http.ClientRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    request.on("error", reject).on("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => body += text).on("end", () => resolve(body));
    });
  });
}

const httpAgent: Client = {
  server: "http",
  answer: "real",
  hasHook: true,
  open(port, guard) {
    const agent = new http.Agent({ keepAlive: true });
    if (guard === "hook") Object.assign(agent, { createConnection });
    return { ask: () => answerOf(http.get({ host: HOST, port, agent })), close: () => agent.destroy() };
  },
};

class GuardedAgent extends https.Agent {
  override createConnection(...args: Parameters<https.Agent["createConnection"]>): Socket {
    return guardSocket(super.createConnection(...args) as Socket);
  }
}

const httpsAgent: Client = {
  server: "https",
  answer: "real",
  hasHook: true,
  open(port, guard) {
    const Agent = guard === "hook" ? GuardedAgent : https.Agent;
    const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
    return { ask: () => answerOf(https.get({ host: HOST, port, agent })), close: () => agent.destroy() };
  },
};

function undiciFetch(protocol: "http" | "https"): Client {
  return {
    server: protocol,
    answer: "real",
    hasHook: true,
    open(port, guard) {
      const tls = { rejectUnauthorized: false };
      const secure = undici.buildConnector(tls);
      const connect: undici.buildConnector.connector = (options, callback) => {
        const { hostname, port, protocol } = options;
        const isSecure = protocol === "https:";
        const socket = createConnection({ host: hostname, port: Number(port) || (isSecure ? 443 : 80) });
        const fail = (error: Error): void => callback(error, null);
        socket.once("error", fail).once("connect", () => {
          socket.off("error", fail);
          if (isSecure) secure({ ...options, httpSocket: socket }, callback);
          else callback(null, socket);
        });
      };
      const dispatcher = new undici.Agent({ connect: guard === "hook" ? connect : tls });
      return {
        ask: async () => await (await undici.fetch(`${protocol}://${HOST}:${port}`, { dispatcher })).text(),
        close: () => dispatcher.destroy(),
      };
    },
  };
}

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
  "https.Agent": httpsAgent,
  "undici": undiciFetch("http"),
  "undici over TLS": undiciFetch("https"),
  "fetch": builtInFetch,
};
