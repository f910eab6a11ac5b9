/** A port that is held, or will be soon. */
export interface KeptPort {
  /** Resolves as soon as no client can get the port; rejects when the port cannot be held. */
  readonly settled: Promise<void>;
  release(): Promise<void>;
}

/** Keeps a port from all clients while a call dials it. The port holder of the host does this. */
export interface PortKeeper {
  /** Whether the kernel may give the port to a client. */
  isAtRisk(port: number): boolean;
  /** Begins to hold the port. */
  hold(port: number): KeptPort;
}

/** A socket that is connected to itself, or soon will be. */
export interface SelfSocket {
  /** Resolves when the socket is bound and connected; rejects with the runtime's own error. */
  readonly opened: Promise<void>;
  /** Resolves when the socket is closed, for any reason. */
  readonly closed: Promise<void>;
  /**
   * Closes with a reset, which leaves no TIME_WAIT. Before `opened` has resolved it is only to be called at the end of
   * the process, and does what the runtime can.
   */
  reset(): void;
}

/** Connects a socket to itself at this address and port. Afterwards it does not keep the process alive. */
export type OpenSelf = (hostname: string, port: number) => SelfSocket;

/** The URL in a call's first argument. An object is replaced by its text: a second conversion may differ. */
export function readUrl(args: unknown[]): string {
  const [input] = args;
  if (typeof input === "object" && input !== null) args[0] = `${input}`;
  return String(args[0]);
}

/** Begins to hold the ports that are at risk; undefined when none is, the common case. */
export function keepPorts(keeper: PortKeeper, ports: readonly (number | undefined)[]): KeptPort | undefined {
  let kept: KeptPort[] | undefined;
  for (const port of ports) {
    if (port !== undefined && keeper.isAtRisk(port)) (kept ??= []).push(keeper.hold(port));
  }
  if (kept === undefined || kept.length === 1) return kept?.[0];
  const all = kept;
  return {
    settled: Promise.all(all.map(({ settled }) => settled)).then(() => {}),
    release: () => Promise.all(all.map((port) => port.release())).then(() => {}),
  };
}

/**
 * Releases the port when the call settles, and passes on the call's outcome. Not before: a pool that finds its
 * connection dead dials again inside the same call.
 */
export function releaseAfter<Result>(call: Promise<Result>, kept: KeptPort): Promise<Result> {
  return call.then((result) => {
    void kept.release();
    return result;
  }, (error) => {
    void kept.release();
    throw error;
  });
}
