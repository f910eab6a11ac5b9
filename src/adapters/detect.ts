/** Which runtime this is, and what it permits. This module loads no adapter. */
import { formatEndpoint } from "../core/endpoint.ts";

export const isDeno: boolean = "Deno" in globalThis;
export const isBun: boolean = "Bun" in globalThis;
/** Whether this is Windows, by each runtime's cheapest test. */
export const isWindows: boolean = isDeno ? Deno.build.os === "windows" : process.platform === "win32";

/** A permission as Deno's `permissions` API names it. */
export type Permission =
  | { readonly name: "read"; readonly path: string }
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "net"; readonly host: string }
  | { readonly name: "sys"; readonly kind: "networkInterfaces" };

/** Whether this is permitted without asking the user. Node and Bun never ask. */
export function isGranted(permission: Permission): boolean {
  return !isDeno || Deno.permissions.querySync(permission).state === "granted";
}

/**
 * The first of these hosts that this process may dial on the port without asking the user. Without permission Deno
 * prompts on the terminal, or rejects where no caller catches the error.
 */
export function chooseDialable(port: number, hostnames: readonly string[]): string | undefined {
  return hostnames.find((hostname) => isGranted({ name: "net", host: formatEndpoint({ hostname, port }) }));
}

/** An environment variable; undefined when it is not set or may not be read. */
export function readEnv(variable: string): string | undefined {
  if (!isDeno) return process.env[variable];
  return isGranted({ name: "env", variable }) ? Deno.env.get(variable) : undefined;
}
