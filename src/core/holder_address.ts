/**
 * Where port holders are: 127.255.0.0/16, loopback addresses that no server binds. Each process and thread has an
 * address of its own there, because two sockets cannot both be connected to themselves at one address and port.
 */
const PREFIX = "127.255.";

/** How many addresses there are: the last byte is neither 0 nor 255, as in a broadcast address. */
export const HOLDER_ADDRESSES: number = 256 * 254;

/** The holder address of this number, modulo their number. */
export function holderAddress(index: number): string {
  const number = index % HOLDER_ADDRESSES;
  return `${PREFIX}${Math.floor(number / 254)}.${number % 254 + 1}`;
}

/** Whether a socket whose own address this is holds a port, and is neither a server nor a client. */
export function isHolderAddress(hostname: string): boolean {
  return hostname.startsWith(PREFIX);
}
