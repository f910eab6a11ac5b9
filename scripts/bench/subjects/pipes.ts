import * as net from "node:net";
import { Duplex } from "node:stream";
import process from "node:process";
import { connect, type Connection } from "../../../mod.ts";

/** One connection, in the way of one subject: what a benchmark needs of it, at the lowest price for that subject. */
export interface Pipe {
  /** Resolves when more may be written. */
  write(chunk: Uint8Array): Promise<void> | void;
  /** Ends our direction. */
  end(): Promise<unknown> | void;
  /** The next chunk; null at the end. */
  read(): Promise<Uint8Array | null>;
}

/**
 * "portable, own buffer" reads into one buffer again and again, as "bare" does on Deno; "bare, fresh buffers" reads there
 * into a new one for each chunk, as every web stream has to without BYOB. The last two are the runtimes' own
 * web streams over a connection: what web streams cost.
 */
export type Subject =
  | "bare"
  | "bare, fresh buffers"
  | "portable"
  | "portable, own buffer"
  | "Duplex.toWeb"
  | "Deno.TcpConn's streams";

/** Chunks that events bring, for a reader that awaits them one by one. */
class Inbox {
  #chunks: (Uint8Array | null)[] = [];
  #wake: ((chunk: Uint8Array | null) => void) | undefined;

  put(chunk: Uint8Array | null): void {
    if (this.#wake === undefined) return void this.#chunks.push(chunk);
    const wake = this.#wake;
    this.#wake = undefined;
    wake(chunk);
  }

  take(): Promise<Uint8Array | null> {
    const chunk = this.#chunks.shift();
    return chunk === undefined ? new Promise((resolve) => this.#wake = resolve) : Promise.resolve(chunk);
  }
}

function opened(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    socket.once("connect", () => resolve(socket)).once("error", reject);
  });
}

async function bareNode(port: number): Promise<Pipe> {
  const socket = await opened(port);
  const inbox = new Inbox();
  socket.on("data", (chunk: Uint8Array) => inbox.put(chunk)).on("end", () => inbox.put(null));
  return {
    write: (chunk) => socket.write(chunk) ? undefined : new Promise((resolve) => socket.once("drain", resolve)),
    end: () => void socket.end(),
    read: () => inbox.take(),
  };
}

async function bareDeno(port: number, isFresh: boolean): Promise<Pipe> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  let buffer = new Uint8Array(65536);
  return {
    async write(chunk) {
      for (let sent = 0; sent < chunk.length;) sent += await conn.write(chunk.subarray(sent));
    },
    end: () => conn.closeWrite(),
    read: async () => {
      if (isFresh) buffer = new Uint8Array(65536);
      const length = await conn.read(buffer);
      return length === null ? null : buffer.subarray(0, length);
    },
  };
}

async function bareBun(port: number): Promise<Pipe> {
  const inbox = new Inbox();
  let onDrain = (): void => {};
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    allowHalfOpen: true,
    socket: {
      binaryType: "uint8array",
      data: (_, chunk) => inbox.put(chunk),
      end: () => inbox.put(null),
      close: () => inbox.put(null),
      drain: () => onDrain(),
    },
  });
  return {
    write(chunk) {
      let sent = socket.write(chunk);
      if (sent === chunk.length) return;
      return new Promise((resolve) =>
        onDrain = () => {
          sent += socket.write(chunk, sent, chunk.length - sent);
          if (sent === chunk.length) resolve();
        }
      );
    },
    end: () => void socket.shutdown(),
    read: () => inbox.take(),
  };
}

function overWritable(writable: WritableStream<Uint8Array>): Pick<Pipe, "write" | "end"> {
  const writer = writable.getWriter();
  return { write: (chunk) => writer.write(chunk), end: () => writer.close() };
}

function overWebStreams(readable: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>): Pipe {
  const reader = readable.getReader();
  return {
    ...overWritable(writable),
    read: async () => {
      const { value, done } = await reader.read();
      return done ? null : value;
    },
  };
}

/** Reads into one buffer, which goes to the stream and comes back with each read. */
function intoOwnBuffer(readable: ReadableStream<Uint8Array>): Pipe["read"] {
  const reader = readable.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(65536);
  return async () => {
    const { value, done } = await reader.read(new Uint8Array(buffer));
    if (done) return null;
    buffer = value.buffer;
    return value;
  };
}

export async function open(subject: Subject, port: number): Promise<Pipe> {
  if (subject === "portable") {
    const { readable, writable } = await connect({ hostname: "127.0.0.1", port });
    return overWebStreams(readable, writable);
  }
  if (subject === "portable, own buffer") {
    const { readable, writable } = await connect({ hostname: "127.0.0.1", port });
    const read = intoOwnBuffer(readable);
    return { ...overWritable(writable), read };
  }
  if (subject === "Duplex.toWeb") {
    // Node's own types of web streams are not those of the language's library.
    const pair: object = Duplex.toWeb(await opened(port));
    const { readable, writable } = pair as Pick<Connection, "readable" | "writable">;
    return overWebStreams(readable, writable);
  }
  if (subject === "Deno.TcpConn's streams") {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    // Closing its writable would close both directions.
    return { ...overWebStreams(conn.readable, conn.writable), end: () => conn.closeWrite() };
  }
  if ("Deno" in globalThis) return await bareDeno(port, subject === "bare, fresh buffers");
  return await ("Bun" in globalThis ? bareBun(port) : bareNode(port));
}

/** The most memory this process ever had, in bytes. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024;
}
