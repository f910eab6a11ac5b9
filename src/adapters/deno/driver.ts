import type { Adapter, Attempt, Target } from "../../core/attempt.ts";
import { afterPoll } from "../../core/clock.ts";
import type { EndpointPair } from "../../core/endpoint.ts";
import { mayDialAnywhere } from "../detect.ts";
import { publishSelfConnection } from "../diagnostics.ts";
import { close, reset } from "./closing.ts";
import { ReadAhead } from "./read_ahead.ts";

function endpoints({ localAddr, remoteAddr }: Deno.TcpConn): EndpointPair {
  return {
    local: { hostname: localAddr.hostname, port: localAddr.port },
    remote: { hostname: remoteAddr.hostname, port: remoteAddr.port },
  };
}

/** If the `finally` of Deno.connect throws, a socket that has been opened meanwhile is lost. */
const neverThrows: PropertyDescriptor = { value() {} };

/**
 * Deno.connect loses a connected socket when the abort comes before its own continuation: the socket stays open for the
 * life of the process (ext/net/01_net.js, `finally { signal.throwIfAborted() }`). With a `throwIfAborted` that does
 * nothing such a connect resolves. A test fails once Deno no longer needs this.
 *
 * An abort closes the socket normally. A self-connection that is complete but not reported yet would leave a TIME-WAIT,
 * so the abort waits until Deno has reported such a socket.
 */
function openAbandonable(options: Deno.ConnectOptions): Attempt<Deno.TcpConn> {
  const controller = new AbortController();
  Object.defineProperty(controller.signal, "throwIfAborted", neverThrows);
  const opened = Deno.connect(Object.assign(options, { signal: controller.signal }));
  return { opened, abandon: () => void afterPoll(() => controller.abort()) };
}

/** The addresses of a name, if this process may dial them. */
async function lookup(hostname: string): Promise<readonly string[] | null> {
  return mayDialAnywhere() ? await (await import("../node/lookup.ts")).lookup(hostname) : null;
}

/** `Deno.connect` with these options besides those of each target. */
export function adapterFor(nativeOptions: Record<string, unknown> | undefined): Adapter<Deno.TcpConn> {
  return {
    open({ hostname, port }: Target, mayAbandon: boolean): Attempt<Deno.TcpConn> {
      // Without a prototype: Deno would read options from Object.prototype.
      const options: Deno.ConnectOptions = Object.assign(Object.create(null), nativeOptions, { hostname, port });
      return mayAbandon ? openAbandonable(options) : { opened: Deno.connect(options), abandon() {} };
    },
    endpoints,
    reset,
    close,
    watchPeer: (conn) => new ReadAhead(conn),
    lookup,
    localPort: undefined,
    publish: publishSelfConnection,
  };
}
