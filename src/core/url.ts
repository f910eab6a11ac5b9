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
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
