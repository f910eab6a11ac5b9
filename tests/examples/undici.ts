/** undici, the npm package, on Node and Deno. In a project of yours the import is "@realpeer/tcp/node". */
import { Agent, buildConnector } from "undici";
import { createConnection } from "../../src/adapters/node.ts";

/** For `fetch(url, { dispatcher })`; `tls` are the options of `tls.connect`. */
export function guardedDispatcher(tls: buildConnector.BuildOptions = {}): Agent {
  const secure = buildConnector(tls);
  return new Agent({
    connect(options, callback) {
      const isSecure = options.protocol === "https:";
      const port = Number(options.port) || (isSecure ? 443 : 80);
      const socket = createConnection({ host: options.hostname, port });
      const fail = (error: Error): void => callback(error, null);
      socket.once("error", fail).once("connect", () => {
        socket.off("error", fail);
        if (isSecure) secure({ ...options, httpSocket: socket }, callback);
        else callback(null, socket);
      });
    },
  });
}
