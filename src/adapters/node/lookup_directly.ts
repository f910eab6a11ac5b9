import { Resolver } from "node:dns";
import { readFileSync } from "node:fs";
import { ipVersion, isLocalhost } from "../../core/endpoint.ts";
import { isDeno, isWindows } from "../detect.ts";

const WINDOWS_HOSTS = "System32\\drivers\\etc\\hosts";

/** The addresses of a name in the hosts file (hosts(5)). */
function fromHostsFile(name: string): string[] {
  // Deno might ask the user for permission, and its lookups do not block each other.
  if (isDeno) return [];
  let text = "";
  try {
    text = readFileSync(isWindows ? `${process.env["SystemRoot"]}\\${WINDOWS_HOSTS}` : "/etc/hosts", "utf8");
  } catch {
    // The system may have no hosts file.
  }
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim().toLowerCase().split(/\s+/));
  return lines.filter(([address = "", ...names]) => ipVersion(address) !== 0 && names.includes(name)).map(([first]) =>
    first!
  );
}

/** The addresses of `localhost`, and of a name below it that the hosts file does not name (RFC 6761, 6.3). */
export const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];

/** The addresses that a name has without any name server: by the hosts file, or as loopback. */
function withoutServers(hostname: string): readonly string[] {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  const known = fromHostsFile(name);
  return known.length === 0 && isLocalhost(name) ? LOOPBACK : known;
}

/**
 * Asks for the addresses of a name without a thread of libuv's pool: the hosts file, then the name servers. Calls back
 * only with addresses. Returns a function that ends the search.
 */
export function lookUpDirectly(hostname: string, onAnswer: (addresses: readonly string[]) => void): () => void {
  const known = withoutServers(hostname);
  if (known.length > 0) {
    onAnswer(known);
    return () => {};
  }
  const resolver = new Resolver();
  const answers: string[][] = [];
  const take = (_error: Error | null, addresses: string[] | undefined): void => {
    answers.push(addresses ?? []);
    // Both IP versions are needed: the server may listen on either.
    const all = answers.flat();
    if (answers.length === 2 && all.length > 0) onAnswer(all);
  };
  resolver.resolve4(hostname, take);
  resolver.resolve6(hostname, take);
  return () => resolver.cancel();
}
