/** Which runtime this is, and what it allows. Loading this loads no adapter. */
import process from "node:process";

export const isDeno: boolean = "Deno" in globalThis;
export const isBun: boolean = "Bun" in globalThis;

/**
 * The first of these that this process may dial on the port, without a question on the terminal: Deno asks for what it
 * has not been allowed, or throws where nobody catches it.
 */
export function chooseDialable(port: number, hostnames: readonly string[]): string | undefined {
  if (!isDeno) return hostnames[0];
  return hostnames.find((hostname) =>
    Deno.permissions.querySync({ name: "net", host: `${hostname}:${port}` }).state === "granted"
  );
}

/** Whether this process may try to read the file, without a question on the terminal. */
export function mayRead(path: string): boolean {
  return !isDeno || Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** An environment variable; undefined also where it may not be read. */
export function readEnv(name: string): string | undefined {
  const isAllowed = !isDeno || Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
  return isAllowed ? process.env[name] : undefined;
}
