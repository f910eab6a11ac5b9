import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { processesWith } from "../fixtures/processes.ts";
import { root } from "../fixtures/runtime.ts";
import { unusedPort } from "../fixtures/tcp_server.ts";
import { hasListener } from "../programs/host_sockets.ts";

export const noProcesses: string | undefined = process.platform === "linux"
  ? undefined
  : "processes are looked up in /proc";
/** Short: what says who listens cuts long command lines. */
export const folder: string = mkdtempSync(join(tmpdir(), "s-"));
/** The server in JavaScript, so that each runtime's tests start it with Node and as fast. */
export const program: string = join(folder, "server.mjs");

beforeAll(() => {
  const source = readFileSync(join(root, "tests/programs/http_server.ts"), "utf8");
  writeFileSync(program, source);
});

afterAll(() => expect(processesWith(folder)).toEqual([]));

/** A port, and the command line of a server on it. */
export async function serverLine(rest = ""): Promise<{ port: number; line: string }> {
  const port = await unusedPort();
  return { port, line: `node ${program} ${port} 127.0.0.1 ${rest}` };
}

export function expectNothingLeft(port: number): void {
  expect(processesWith(`${program} ${port} `)).toEqual([]);
  expect(hasListener(port)).toBe(false);
}
