/**
 * TCP connections to real peers. The kernel can connect a client that dials a dead local port to itself: the client
 * then reads its own bytes and keeps the real server off the port. This module never returns such a connection. The
 * same code runs on Deno, Bun and Node.
 *
 * @example
 * ```ts
 * import { connect, waitForPort } from "@realpeer/tcp";
 *
 * await waitForPort({ hostname: "localhost", port: 5432 });
 * await using connection = await connect({ hostname: "localhost", port: 5432, retry: true });
 * console.log(connection.remote);
 * ```
 *
 * @module
 */
export { connect } from "./src/api/connect.ts";
export type { Connection, OwnBytes } from "./src/api/connection.ts";
export type { StartTlsOptions } from "./src/api/start_tls.ts";
export { type HttpHeaders, type HttpWaitOptions, type StatusTest, waitForHttp } from "./src/api/wait_for_http.ts";
export { waitForPort, type WaitResult } from "./src/api/wait_for_port.ts";
export { type DenoConnLike, isSelfConnection, type PairLike } from "./src/api/is_self_connection.ts";
export type { SocketLike } from "./src/adapters/endpoints.ts";
export { type PortShield, shieldPort, type ShieldState } from "./src/api/shield_port.ts";
export { type Endpoint, formatEndpoint, sameEndpoint } from "./src/core/endpoint.ts";
export { parseEndpoint } from "./src/core/parse_endpoint.ts";
export { ConnectTimeoutError, isRetriable, SelfConnectError } from "./src/core/errors.ts";
export type { ConnectOptions } from "./src/core/options.ts";
export type { RetryContext, RetryOptions } from "./src/core/retry.ts";
