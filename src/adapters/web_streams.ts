/** The two constructors that a connection needs. */
export interface WebStreams {
  readonly ReadableStream: typeof ReadableStream;
  readonly WritableStream: typeof WritableStream;
}

/**
 * The environment's web streams. jsdom, as test runners use it, has none among its globals: there it is those of
 * `node:stream/web`.
 */
export function webStreams(): WebStreams {
  if (typeof globalThis.WritableStream === "function") return globalThis;
  const streams: object = process.getBuiltinModule("node:stream/web");
  return streams as WebStreams;
}
