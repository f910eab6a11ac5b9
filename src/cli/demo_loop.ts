import { withAdapter } from "../adapters/choose.ts";
import type { Adapter } from "../core/attempt.ts";
import { dial } from "../core/dial.ts";
import { type Endpoint, type EndpointPair, formatEndpoint, sameEndpoint } from "../core/endpoint.ts";
import { describeFailure, isRefusal, SelfConnectError } from "../core/errors.ts";
import { type ResolvedOptions, resolveOptions } from "../core/options.ts";
import { endsOf } from "../core/trial.ts";

/** The progress of a demonstration. */
export interface DemoState {
  attempts: number;
  /** Self-connections that the guard rejected. */
  rejected: number;
}

/** An open connection; its peer is itself or a server. */
export interface DemoConnection {
  readonly pair: EndpointPair;
  readonly isSelf: boolean;
  /** Closes the connection so that the port is free at once. */
  release(): void;
}

function connectionOf<Socket>(adapter: Adapter<Socket>, socket: Socket, pair: EndpointPair): DemoConnection {
  const isSelf = sameEndpoint(pair.local, pair.remote);
  return { pair, isSelf, release: () => isSelf ? adapter.reset(socket) : adapter.close(socket) };
}

/** One bare call of this runtime's own connect: Deno.connect, Bun.connect or net.connect. */
async function connectPlainly(adapter: Adapter<unknown>, { target }: ResolvedOptions): Promise<DemoConnection | null> {
  const socket = await adapter.open(target, false).opened;
  const pair = adapter.endpoints(socket);
  return pair && connectionOf(adapter, socket, pair);
}

/** The same with the guard. */
async function connectGuarded(adapter: Adapter<unknown>, options: ResolvedOptions): Promise<DemoConnection> {
  const { socket } = await dial(adapter, options);
  return connectionOf(adapter, socket, endsOf(adapter, socket, options.target));
}

/**
 * Dials until a connect succeeds; null when the attempts are used up.
 *
 * @throws Error after the first failure that is not a refusal; `signal.reason`
 */
export async function dialDeadPort(
  target: Endpoint,
  isGuarded: boolean,
  maxAttempts: number,
  state: DemoState,
  signal: AbortSignal,
): Promise<DemoConnection | null> {
  const { hostname, port } = target;
  const bare = resolveOptions({ hostname, port });
  // With one connect per call, this loop sees each self-connection that the guard rejects.
  const options = isGuarded ? resolveOptions({ hostname, port, retry: { maxAttempts: 1 }, attemptTimeout: 0 }) : bare;
  const adapter = await withAdapter(bare, (adapter) => Promise.resolve(adapter));
  const connect = isGuarded ? connectGuarded : connectPlainly;
  while (state.attempts < maxAttempts) {
    signal.throwIfAborted();
    state.attempts++;
    try {
      const connection = await connect(adapter, options);
      if (connection) return connection;
    } catch (error) {
      if (!isRefusal(error)) {
        const reason = describeFailure(error);
        throw new Error(`Cannot go on dialing ${formatEndpoint(target)}: ${reason}`, { cause: error });
      }
      if (error instanceof SelfConnectError) state.rejected++;
    }
  }
  return null;
}
