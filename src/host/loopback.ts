/**
 * The loopback address at which a socket can be connected to itself. macOS and FreeBSD refuse that with EINVAL over
 * IPv4 (XNU, bsd/netinet/tcp_usrreq.c); over IPv6 it happens there as on Linux and Windows.
 */
export function selfConnectAddress(platform: string = process.platform): "127.0.0.1" | "::1" {
  return platform === "darwin" || platform === "freebsd" ? "::1" : "127.0.0.1";
}
