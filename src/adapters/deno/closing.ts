/** More than the send and receive buffers of Linux hold by default (net.ipv4.tcp_rmem, net.ipv4.tcp_wmem). */
const OVERFLOW_BYTES = 1 << 20;
let overflow: Uint8Array | undefined;

/**
 * Deno has no linger option, and `close()` sends FIN first, which on a self-connection leaves `TIME-WAIT P -> P`. After
 * a write of more bytes than the buffers hold, the FIN waits behind a full window, and closing a socket with unread
 * data sends a reset (RFC 1122, 4.2.2.13). Only for a proved self-connection: no peer reads those bytes. Where the
 * maximum of net.ipv4.tcp_wmem is 64 KiB or less, a TIME-WAIT remains.
 */
export function reset(conn: Deno.TcpConn): void {
  overflow ??= new Uint8Array(OVERFLOW_BYTES);
  conn.write(overflow).catch(() => {});
  close(conn);
}

/** Safe to call twice, and after the program itself has closed the connection. */
export function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
