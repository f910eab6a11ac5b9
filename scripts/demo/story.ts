/**
 * The story on one runtime: the plain call is connected to itself and keeps a server off its port, the guard lets nothing
 * through, and a guarded connect with retry meets the real server. Progress goes to standard error, the result to
 * standard output as JSON.
 */
import { createServer, type Server } from "node:net";
import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, SelfConnectError } from "../../mod.ts";
import { connect as nodeConnect } from "../../src/adapters/node.ts";
import { type PlainConnection, plainDial } from "./plain_dial.ts";

/** What was seen; the story holds when `failures` is empty. */
export interface Story {
  readonly port: number;
  readonly plainAttempts: number;
  readonly plainMs: number;
  /** What a server was told that tried to listen on the port meanwhile. */
  readonly serverError: string;
  readonly guardedAttempts: number;
  readonly guardedMs: number;
  readonly rejected: number;
  readonly letThrough: number;
  /** What came back from the real server. */
  readonly echoed: string;
  readonly waitedMs: number;
  readonly failures: readonly string[];
}

const HOSTNAME = "127.0.0.1";
/** Three times as many as any run here has needed. */
const MAX_ATTEMPTS = 200_000;
const SERVER_START_MS = 1000;

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K  ${text}`);
}

function said(text: string): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  process.stderr.write(`  ${text}\n`);
}

function listen(port: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  return new Promise((resolve, reject) => server.on("error", reject).listen(port, HOSTNAME, () => resolve(server)));
}

/** A port that nobody listens on, of the parity that Linux gives to connect(): that of the range's low end. */
async function deadPort(): Promise<number> {
  const [low, high] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(
    Number,
  ) as [
    number,
    number,
  ];
  while (true) {
    const port = low + 2 * Math.floor(Math.random() * (high - low) / 2);
    const server = await listen(port).catch(() => null);
    if (server === null) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

async function dialUntilSelf(port: number): Promise<[attempts: number, connection: PlainConnection | undefined]> {
  for (let attempts = 1; attempts <= MAX_ATTEMPTS; attempts++) {
    const connection = await plainDial(HOSTNAME, port);
    if (connection?.isSelf) return [attempts, connection];
    connection?.drop();
    if (attempts % 1000 === 0) progress(`plain: ${attempts} attempts refused`);
  }
  return [MAX_ATTEMPTS, undefined];
}

const { connect: guardedConnect } = "Deno" in globalThis
  ? await import("../../src/adapters/deno.ts")
  : { connect: "Bun" in globalThis ? await bunConnect() : nodeConnect };

async function bunConnect(): Promise<(options: { hostname: string; port: number }) => Promise<unknown>> {
  const { connect } = await import("../../src/adapters/bun.ts");
  return (options) => connect({ ...options, socket: { data() {} } });
}

const failures: string[] = [];
const port = await deadPort();

const plainStarted = performance.now();
const [plainAttempts, selfConnected] = await dialUntilSelf(port);
const plainMs = performance.now() - plainStarted;
if (selfConnected === undefined) failures.push(`no self-connection in ${plainAttempts} plain attempts`);
else said(`plain:   connected ${HOSTNAME}:${port} to ${HOSTNAME}:${port} after ${plainAttempts} attempts`);

const serverError = await listen(port).then((server) => (server.close(), "none"), (error) => error.code as string);
if (serverError === "EADDRINUSE") said(`         a server that wants port ${port} now gets ${serverError}`);
else failures.push(`a server on the self-connected port got ${serverError}`);
selfConnected?.drop();

let [guardedAttempts, rejected, letThrough] = [0, 0, 0];
const guardedStarted = performance.now();
while (guardedAttempts < 2 * plainAttempts || performance.now() - guardedStarted < 2 * plainMs) {
  guardedAttempts++;
  try {
    await guardedConnect({ hostname: HOSTNAME, port });
    letThrough++;
  } catch (error) {
    if (error instanceof SelfConnectError) rejected++;
    else if ((error as { code?: string }).code !== "ECONNREFUSED") throw error;
  }
  if (guardedAttempts % 1000 === 0) progress(`guarded: ${guardedAttempts} attempts, ${letThrough} let through`);
}
const guardedMs = performance.now() - guardedStarted;
if (letThrough > 0) failures.push(`the guard let ${letThrough} connections through`);
said(`guarded: ${guardedAttempts} attempts, ${letThrough} let through`);

const waitStarted = performance.now();
const connecting = connect({ hostname: HOSTNAME, port, retry: true, timeout: 30_000 });
await sleep(SERVER_START_MS);
const server = await listen(port);
const connection = await connecting;
const waitedMs = performance.now() - waitStarted;
await connection.writable.getWriter().write(new TextEncoder().encode("hello"));
const { value } = await connection.readable.getReader().read();
const echoed = new TextDecoder().decode(value);
if (connection.local.port === port || echoed !== "hello") failures.push("the guarded connect did not reach the server");
said(
  `retry:   the server started after ${SERVER_START_MS} ms, connected after ${
    waitedMs.toFixed(0)
  } ms, echo "${echoed}"`,
);
connection.reset();
server.close();

const story: Story = {
  port,
  plainAttempts,
  plainMs,
  serverError,
  guardedAttempts,
  guardedMs,
  rejected,
  letThrough,
  echoed,
  waitedMs,
  failures,
};
console.log(JSON.stringify(story));
