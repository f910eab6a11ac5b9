/** Which runtime this is, and what it allows. Loading this loads no adapter. */

export const isDeno: boolean = "Deno" in globalThis;
export const isBun: boolean = "Bun" in globalThis;
/** Whether this is Windows, asked of the runtime in the way that costs least. */
export const isWindows: boolean = isDeno ? Deno.build.os === "windows" : process.platform === "win32";

/** A permission as Deno's `permissions` API names it. */
export type Permission =
  | { readonly name: "read"; readonly path: string }
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "net"; readonly host: string }
  | { readonly name: "sys"; readonly kind: "networkInterfaces" };

/** Whether something may be done without the user being asked; on Node and Bun nothing has to be. */
export function isGranted(permission: Permission): boolean {
  return !isDeno || Deno.permissions.querySync(permission).state === "granted";
}

/**
 * The first of these that this process may dial on the port, without a question on the terminal: Deno asks for what it
 * has not been allowed, or rejects where no caller catches it.
 */
export function chooseDialable(port: number, hostnames: readonly string[]): string | undefined {
  return hostnames.find((hostname) => isGranted({ name: "net", host: `${hostname}:${port}` }));
}

/** An environment variable; undefined also where it may not be read. */
export function readEnv(variable: string): string | undefined {
  if (!isDeno) return process.env[variable];
  return isGranted({ name: "env", variable }) ? Deno.env.get(variable) : undefined;
}
