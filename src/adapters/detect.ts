/** Which runtime this is, and what it permits. This module loads no adapter. */
import type { TcpNetConnectOpts } from "node:net";
import { formatEndpoint } from "../core/endpoint.ts";

export const isDeno: boolean = "Deno" in globalThis;
export const isBun: boolean = "Bun" in globalThis;
// Deno loads `process` at its first use, which takes as long as all of `realpeer wait`.
/** Whether this is Windows. */
export const isWindows: boolean = isDeno ? Deno.build.os === "windows" : process.platform === "win32";
/** Whether this is Linux. */
export const isLinux: boolean = isDeno ? Deno.build.os === "linux" : process.platform === "linux";

/** A permission as Deno's `permissions` API names it. */
export type Permission =
  | { readonly name: "read"; readonly path: string }
  | { readonly name: "env"; readonly variable?: string }
  | { readonly name: "run"; readonly command: string }
  | { readonly name: "net"; readonly host: string }
  | { readonly name: "sys"; readonly kind: "networkInterfaces" };

/** Whether this is permitted without asking the user. Node and Bun never ask. */
export function isGranted(permission: Permission): boolean {
  return !isDeno || Deno.permissions.querySync(permission).state === "granted";
}

/**
 * Whether this process may dial every address, and so each address of a name. Deno's `--allow-net=HOST:PORT` covers a
 * name only as long as it is dialed by name.
 */
export function mayDialAnywhere(): boolean {
  if (!isDeno) return true;
  const { state, partial } = Deno.permissions.querySync({ name: "net" });
  return state === "granted" && partial !== true;
}

/**
 * Deno's node:net reports a missing permission to bind where no caller can catch it.
 *
 * @throws Deno.errors.NotCapable when this process may not bind the local address and port
 */
export function assertMayBind({ localAddress, localPort, host }: TcpNetConnectOpts): void {
  if (!isDeno || (localAddress === undefined && localPort === undefined)) return;
  const hostname = localAddress ?? (host?.includes(":") ? "::" : "0.0.0.0");
  const end = formatEndpoint({ hostname, port: localPort ?? 0 });
  if (Deno.permissions.requestSync({ name: "net", host: end }).state === "granted") return;
  throw new Deno.errors.NotCapable(`Requires net access to "${end}", run again with the --allow-net flag`);
}

/**
 * Deno's node:net reports a missing permission to look a name up as a failure of getaddrinfo. Without a port the lookup
 * is for the addresses, which are then dialed themselves; `net.connect` to the name needs access to one port of it only.
 *
 * @throws Deno.errors.NotCapable when this process may not look up the name
 */
export function assertMayLookUp(hostname: string, port?: number): void {
  const host = port === undefined ? hostname : formatEndpoint({ hostname, port });
  if (!isDeno || Deno.permissions.requestSync({ name: "net", host }).state === "granted") return;
  const what = port === undefined ? `"${host}" and to all its addresses` : `"${host}"`;
  throw new Deno.errors.NotCapable(`Requires net access to ${what}, run again with the --allow-net flag`);
}

/** An environment variable; undefined when it is not set or may not be read. */
export function readEnv(variable: string): string | undefined {
  if (!isDeno) return process.env[variable];
  return isGranted({ name: "env", variable }) ? Deno.env.get(variable) : undefined;
}
