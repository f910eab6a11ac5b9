import { isPort } from "../core/endpoint.ts";

/**
 * Why no client can be connected to itself on the port now: this process holds it, another socket has it on every
 * address, or the kernel never gives it to clients. `"unsupported"` promises nothing: this is not Linux.
 */
export type ShieldState = "held" | "listening" | "not-at-risk" | "unsupported";

/** A port that the kernel chooses for no client of this host. */
export interface PortShield extends AsyncDisposable {
  /** The port given to `shieldPort`. */
  readonly port: number;
  /**
   * The current state, or after `release()` the last one: `"listening"` becomes `"held"` within 100 ms after the
   * listener has gone.
   */
  readonly state: ShieldState;
  /** Ends the shield; resolves when it is gone. Other shields of the port stay. Safe to call twice. */
  release(): Promise<void>;
}

function shieldOf(port: number, state: () => ShieldState, release: () => Promise<void>): PortShield {
  return {
    port,
    get state(): ShieldState {
      return state();
    },
    release,
    [Symbol.asyncDispose]: release,
  };
}

/**
 * Shields a port: as long as this process runs or until `release()`, the kernel chooses the port for no client of this
 * host (of this network namespace), in any program. So no client can be connected to itself on it. Needs no root.
 *
 * Servers can bind the port and listen meanwhile: with SO_REUSEADDR on every address, without it on one address. A
 * client that binds a specific local address first, and then lets the kernel choose the port, can still get it in rare
 * cases. Does not keep the process alive. A port can have any number of shields, in one process or in several.
 *
 * @throws RangeError when the port is not an integer from 1 to 65535
 * @throws Error when the port cannot be held: there is no IPv4 loopback address, or (Deno) no permission to dial one
 *
 * @example
 * ```ts
 * import { shieldPort } from "@realpeer/tcp";
 * await using shield = await shieldPort(41000);
 * console.log(shield.state); // "held": every program that dials 41000 now is refused
 * ```
 */
export async function shieldPort(port: number): Promise<PortShield> {
  if (!isPort(port)) {
    throw new RangeError(`Cannot shield port: expected an integer from 1 to 65535, got ${String(port)}`);
  }
  const { canHold, ownHolder, readRisk } = await import("./own_holder.ts");
  const nothing = async (): Promise<void> => {};
  if (!canHold) return shieldOf(port, () => "unsupported", nothing);
  if (!readRisk()(port)) return shieldOf(port, () => "not-at-risk", nothing);
  const hold = ownHolder.hold(port);
  try {
    await hold.settled;
  } catch (error) {
    await hold.release();
    throw error;
  }
  return shieldOf(port, () => hold.state, () => hold.release());
}
