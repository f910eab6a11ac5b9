import http from "node:http";
import https from "node:https";
import { guardedHttpAgent, GuardedHttpsAgent } from "../examples/http.ts";
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
    const agent = guard === "hook" ? guardedHttpAgent() : new http.Agent({ keepAlive: true });
    return { ask: () => answerOf(http.get({ host: HOST, port, agent })), close: () => agent.destroy() };
  },
};

const httpsAgent: Client = {
  server: "https",
  answer: "real",
  hasHook: true,
  open(port, guard) {
    const Agent = guard === "hook" ? GuardedHttpsAgent : https.Agent;
    const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
    return { ask: () => answerOf(https.get({ host: HOST, port, agent })), close: () => agent.destroy() };
  },
};

function undiciFetch(protocol: "http" | "https"): Client {
  return {
    server: protocol,
    answer: "real",
    hasHook: true,
    async open(port, guard) {
      const undici = await import("undici");
      const { guardedDispatcher } = await import("../examples/undici.ts");
      const tls = { rejectUnauthorized: false };
      const dispatcher = guard === "hook" ? guardedDispatcher(tls) : new undici.Agent({ connect: tls });
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
