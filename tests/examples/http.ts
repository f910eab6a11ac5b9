/** http and https: agents whose sockets are guarded. In a project of yours the import is "@realpeer/tcp/node". */
import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { createConnection, guardSocket } from "../../src/adapters/node.ts";

/** For `http.get({ agent })`, axios, got and node-fetch. */
export function guardedHttpAgent(options: http.AgentOptions = { keepAlive: true }): http.Agent {
  return Object.assign(new http.Agent(options), { createConnection });
}

/** The same for https: the socket is guarded before the TLS handshake begins. */
export class GuardedHttpsAgent extends https.Agent {
  override createConnection(...args: Parameters<https.Agent["createConnection"]>): Socket {
    return guardSocket(super.createConnection(...args) as Socket);
  }
}
