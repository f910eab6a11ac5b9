/**
 * Port holders use 127.255.0.0/16, loopback addresses that no server binds. Each process and thread has its own address
 * there, because only one socket for each address and port can be connected to itself.
 */
const PREFIX = "127.255.";

/** The number of holder addresses: the last byte is neither 0 nor 255, which would look like a broadcast address. */
export const HOLDER_ADDRESSES: number = 256 * 254;

/** The holder address at `index`, modulo the number of addresses. */
export function holderAddress(index: number): string {
  const number = index % HOLDER_ADDRESSES;
  return `${PREFIX}${Math.floor(number / 254)}.${number % 254 + 1}`;
}

/** Whether this local address is that of a port holder, not of a server or a client. */
export function isHolderAddress(hostname: string): boolean {
  return hostname.startsWith(PREFIX);
}
