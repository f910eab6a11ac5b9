import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Adapter, Attempt, Target } from "../core/attempt.ts";
import { type EndpointPair, sameEndpoint } from "../core/endpoint.ts";
import { tlsPeer } from "../core/tls_peer.ts";
import { hostnameOf } from "../core/url.ts";
import { nodeAdapter } from "./node/portable.ts";

/** The request to send, and the answers that count. */
export interface HttpQuestion {
  readonly url: URL;
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  /** Whether every certificate is accepted. */
  readonly insecure: boolean;
  /** Whether a status counts. */
  readonly isWanted: (status: number) => boolean | Promise<boolean>;
}

/** A connection whose peer has answered the request; `status` is undefined when no request was sent. */
export interface HttpAnswer {
  readonly socket: Socket;
  /** Both ends as they were before the request: bytes after an answer may make the HTTP parser close the socket. */
  readonly pair: EndpointPair | null;
  readonly status: number | undefined;
}

function statusError(status: number, url: URL): Error {
  const hint = `answered with status ${status}`;
  return Object.assign(new Error(`Cannot take ${url.host} as ready: it ${hint}`), {
    code: "EHTTPSTATUS",
    hint,
    status,
  });
}

/** The codes of OpenSSL's verification are final: waiting does not change a certificate. */
const CERTIFICATE_CODE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;

/** The runtime's error with a description, and with a code that tells whether another attempt may succeed. */
function explained(error: Error, isTls: boolean): Error {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (isTls && code.endsWith("_CERTIFICATE_REQUIRED")) {
    return Object.assign(error, {
      hint: "the server asks for a certificate of the client, which realpeer does not send",
    });
  }
  if (isTls && CERTIFICATE_CODE.test(code)) {
    return Object.assign(error, {
      hint: `the certificate is not accepted (${code}), the option insecure (--insecure) accepts any certificate`,
    });
  }
  // The codes of the HTTP parser and the TLS library for a peer that speaks another protocol.
  const isForeign = code.startsWith("HPE_") || code === "EPROTO" || code.startsWith("ERR_SSL");
  if (!isForeign) return error;
  const hint = `what answers does not speak ${isTls ? "HTTPS" : "HTTP"}`;
  return Object.assign(new Error(hint, { cause: error }), { code: "EPROTO", hint });
}

/** As much as browsers accept. A few cookies exceed the limit of node:http itself, 16 KiB. */
const MAX_HEADER_BYTES = 1 << 18;

function ask(socket: Socket, { url, method, headers, insecure }: HttpQuestion): Promise<number> {
  const isTls = url.protocol === "https:";
  const transport = isTls
    ? connectTls({
      socket,
      ...tlsPeer(hostnameOf(url)),
      rejectUnauthorized: !insecure,
      ALPNProtocols: ["http/1.1"],
    })
    : socket;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(explained(error, isTls));
    transport.on("error", fail).on("close", () => {
      fail(Object.assign(new Error("the peer hung up"), { code: "ECONNRESET", hint: "the peer hung up" }));
    });
    const take = (response: IncomingMessage): void => resolve(response.statusCode ?? 0);
    // With an `agent`, or `agent: false`, the runtime ignores `createConnection`, and may use the environment's proxy.
    const asked = request({
      createConnection: () => transport,
      method,
      path: `${url.pathname}${url.search}`,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: { host: url.host, accept: "*/*", connection: "close", ...authorization(url), ...headers },
    });
    asked.on("response", take).on("upgrade", take).on("connect", take).on("error", fail).end();
  });
}

/** Basic authentication (RFC 7617) for `http://user:password@host/`. */
function authorization({ username, password }: URL): OutgoingHttpHeaders {
  if (username === "" && password === "") return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
}

/** A connection whose peer has answered a request with a status that counts. The body is not read. */
export function httpAdapter(question: HttpQuestion): Adapter<HttpAnswer> {
  const close = (socket: Socket): void => nodeAdapter.close(socket);
  return {
    open(target: Target, mayAbandon: boolean): Attempt<HttpAnswer> {
      const attempt = nodeAdapter.open(target, mayAbandon);
      let connected: Socket | undefined;
      let isAbandoned = false;
      const opened = attempt.opened.then(async (socket): Promise<HttpAnswer> => {
        connected = socket;
        const pair = nodeAdapter.endpoints(socket);
        // The core closes a socket that opens too late or is gone, and resets a self-connection.
        const isAsked = !isAbandoned && pair !== null && !sameEndpoint(pair.local, pair.remote);
        if (!isAsked) return { socket, pair, status: undefined };
        try {
          const status = await ask(socket, question);
          if (!await question.isWanted(status)) throw statusError(status, question.url);
          return { socket, pair, status };
        } catch (error) {
          close(socket);
          throw error;
        }
      });
      const abandon = (): void => {
        isAbandoned = true;
        if (connected === undefined) attempt.abandon();
        else close(connected);
      };
      return { opened, abandon };
    },
    endpoints: ({ pair }) => pair,
    reset: ({ socket }) => nodeAdapter.reset(socket),
    close: ({ socket }) => close(socket),
    // No watch: an answer proves more than an open connection, and the peer may hang up after it.
    watchPeer: () => ({ hungUp: new Promise(() => {}), stop() {} }),
    lookup: nodeAdapter.lookup,
    localPort: undefined,
    publish: nodeAdapter.publish,
  };
}
