import type { Adapter } from "./attempt.ts";

/** The byte pipe that the portable API makes web streams of. */
export interface ByteStream {
  /** The next bytes, or null once the peer has ended; rejects when the connection failed. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the runtime takes more. */
  write(chunk: Uint8Array): Promise<void>;
  /** Sends FIN after what was written; reading goes on. */
  closeWrite(): Promise<void>;
  /** Closes both directions after what was written. */
  close(): Promise<void>;
  /** Drops both directions at once, with a reset where the runtime can. */
  reset(): void;
}

/** An adapter whose sockets can also be read and written in the portable way. */
export interface PortableAdapter<Socket> extends Adapter<Socket> {
  byteStream(socket: Socket): ByteStream;
}
