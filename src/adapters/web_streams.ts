/** The two constructors that a connection needs. */
export interface WebStreams {
  readonly ReadableStream: typeof ReadableStream;
  readonly WritableStream: typeof WritableStream;
}

/**
 * The environment's web streams. jsdom in test runners has no such globals; there the streams of `node:stream/web` are
 * used.
 */
export function webStreams(): WebStreams {
  if (typeof globalThis.WritableStream === "function") return globalThis;
  const streams: object = process.getBuiltinModule("node:stream/web");
  return streams as WebStreams;
}
