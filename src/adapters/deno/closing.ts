/**
 * More than any send and receive buffer of Linux' defaults holds (net.ipv4.tcp_rmem, tcp_wmem): 131,072 bytes were
 * enough on 6.18, 100,000 were not.
 */
const OVERFLOW_BYTES = 1 << 20;
let overflow: Uint8Array | undefined;

/**
 * Deno has no linger option, and `close()` sends FIN first, which on a self-connection leaves `TIME-WAIT P -> P`. With
 * more bytes on their way than the buffers hold, the FIN waits behind a full window, and closing a socket that has unread
 * data is a reset (RFC 1122, 4.2.2.13). Only for a proved self-connection: no peer reads those bytes. Where
 * net.ipv4.tcp_wmem's maximum is 64 KiB or less a TIME-WAIT remains.
 */
export function reset(conn: Deno.TcpConn): void {
  overflow ??= new Uint8Array(OVERFLOW_BYTES);
  conn.write(overflow).catch(() => {});
  close(conn);
}

/** Deno.TcpConn has no property that tells whether it was closed. */
const closed = new WeakSet<Deno.TcpConn>();

export function close(conn: Deno.TcpConn): void {
  if (closed.has(conn)) return;
  closed.add(conn);
  conn.close();
}
