/**
 * What a program without a guard does on this runtime: the plain call, and whom it found. A refusal is null, every other
 * error is thrown.
 */
import * as net from "node:net";

/** A connection that the plain call took for a success. */
export interface PlainConnection {
  readonly isSelf: boolean;
  /** Drops it without a TIME-WAIT. */
  drop(): void;
}

type PlainDial = (hostname: string, port: number) => Promise<PlainConnection | null>;

async function unlessRefused<Result>(connecting: Promise<Result>): Promise<Result | null> {
  try {
    return await connecting;
  } catch (error) {
    if ((error as { code?: string }).code === "ECONNREFUSED") return null;
    throw error;
  }
}

const viaDeno: PlainDial = async (hostname, port) => {
  const conn = await unlessRefused(Deno.connect({ hostname, port }));
  if (conn === null) return null;
  const drop = (): void => {
    // More than the buffers hold: closing with unread data is a reset.
    conn.write(new Uint8Array(1 << 20)).catch(() => {});
    conn.close();
  };
  return { isSelf: conn.localAddr.port === port, drop };
};

const viaBun: PlainDial = async (hostname, port) => {
  const socket = await unlessRefused(Bun.connect({ hostname, port, socket: { data() {} } }));
  return socket && { isSelf: socket.localPort === port, drop: () => socket.terminate() };
};

const viaNode: PlainDial = async (hostname, port) => {
  const socket = await unlessRefused(
    new Promise<net.Socket>((resolve, reject) => {
      const socket = net.connect({ host: hostname, port });
      socket.on("connect", () => resolve(socket)).on("error", reject);
    }),
  );
  return socket && { isSelf: socket.localPort === port, drop: () => socket.resetAndDestroy() };
};

/** This runtime's own connect, as it is. */
export const plainDial: PlainDial = "Deno" in globalThis ? viaDeno : "Bun" in globalThis ? viaBun : viaNode;
