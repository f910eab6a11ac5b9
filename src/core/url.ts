/** The default port of each URL scheme. */
export const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "ws:": 80,
  "wss:": 443,
  "redis:": 6379,
  "rediss:": 6379,
  "valkey:": 6379,
  "valkeys:": 6379,
  "postgres:": 5432,
  "postgresql:": 5432,
  "mysql:": 3306,
  "mysql2:": 3306,
  "mariadb:": 3306,
};

/** The host of a URL in the form for sockets: no brackets around an IPv6 address. */
export function hostnameOf({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

/** Whether user and password, if there are any, are percent-encoded: only then can they be sent. */
export function hasReadableUser({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** The port of an `http:` or `https:` URL, or the default port of its scheme. */
export function portOfUrl({ port, protocol }: URL): number {
  return Number(port || DEFAULT_PORTS[protocol]);
}
