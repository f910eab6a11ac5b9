/**
 * The story on one runtime: the plain call is connected to itself and keeps a server off its port, the guard lets nothing
 * through, and a guarded connect with retry meets the real server. Progress goes to standard error, the result to
 * standard output as JSON.
 */
import { createServer, type Server } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../mod.ts";
import { type DemoState, dialDeadPort } from "../../src/cli/demo_loop.ts";
import { chooseDeadPort } from "../../src/host/dead_port.ts";
import { selfConnectAddress } from "../../src/host/loopback.ts";
import { readPortSettings } from "../../src/host/port_settings.ts";

/** What was seen; the story holds when `failures` is empty. */
export interface Story {
  readonly port: number;
  readonly plainAttempts: number;
  /** What a server was told that tried to listen on the port meanwhile. */
  readonly serverError: string;
  readonly guardedAttempts: number;
  readonly rejected: number;
  readonly letThrough: number;
  /** What came back from the real server. */
  readonly echoed: string;
  readonly failures: readonly string[];
}

const HOSTNAME = selfConnectAddress();
/** Three times as many as any run has needed. */
const MAX_ATTEMPTS = 200_000;
const SERVER_START_MS = 1000;
const PROGRESS_MS = 100;

function say(text: string, end: "\n" | ""): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K  ${text}${end}`);
  else if (end === "\n") process.stderr.write(`  ${text}\n`);
}

/** Runs one loop of attempts with its progress in view. */
async function dialInView(isGuarded: boolean, maxAttempts: number, state: DemoState): ReturnType<typeof dialDeadPort> {
  const name = isGuarded ? "guarded" : "plain";
  const timer = setInterval(() => say(`${name}: ${state.attempts} attempts`, ""), PROGRESS_MS);
  try {
    return await dialDeadPort(
      { hostname: HOSTNAME, port },
      isGuarded,
      maxAttempts,
      state,
      new AbortController().signal,
    );
  } finally {
    clearInterval(timer);
  }
}

function listen(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  return new Promise((resolve, reject) => server.on("error", reject).listen(port, HOSTNAME, () => resolve(server)));
}

const failures: string[] = [];
const port = await chooseDeadPort(readPortSettings(), HOSTNAME);

const plain: DemoState = { attempts: 0, rejected: 0 };
const plainStarted = performance.now();
const selfConnected = await dialInView(false, MAX_ATTEMPTS, plain);
const plainMs = performance.now() - plainStarted;
if (selfConnected?.isSelf) {
  say(`plain:   connected ${HOSTNAME}:${port} to ${HOSTNAME}:${port} after ${plain.attempts} attempts`, "\n");
} else {
  failures.push(`no self-connection in ${plain.attempts} plain attempts`);
}
const serverError = await listen().then((server) => (server.close(), "none"), (error) => error.code as string);
if (serverError === "EADDRINUSE") say(`         a server that wants port ${port} now gets ${serverError}`, "\n");
else failures.push(`a server on the self-connected port got ${serverError}`);
selfConnected?.release();

const guarded: DemoState = { attempts: 0, rejected: 0 };
let letThrough = 0;
const guardedStarted = performance.now();
/** Twice as long as the plain call needed, and until the guard has had something to reject. */
const goesOn = (): boolean =>
  guarded.attempts < 2 * plain.attempts || performance.now() - guardedStarted < 2 * plainMs ||
  (guarded.rejected === 0 && guarded.attempts < MAX_ATTEMPTS);
while (goesOn()) {
  const connection = await dialInView(true, guarded.attempts + 1000, guarded);
  if (connection) letThrough++;
  connection?.release();
}
if (letThrough > 0) failures.push(`the guard let ${letThrough} connections through`);
say(`guarded: ${guarded.attempts} attempts, ${guarded.rejected} rejected, ${letThrough} let through`, "\n");

const waitStarted = performance.now();
const connecting = connect({ hostname: HOSTNAME, port, retry: true, timeout: 30_000 });
await sleep(SERVER_START_MS);
const server = await listen();
const connection = await connecting;
const waited = `${(performance.now() - waitStarted).toFixed(0)} ms`;
await connection.writable.getWriter().write(new TextEncoder().encode("hello"));
const { value } = await connection.readable.getReader().read();
const echoed = new TextDecoder().decode(value);
if (connection.local.port === port || echoed !== "hello") failures.push("the guarded connect did not reach the server");
say(`retry:   the server started after ${SERVER_START_MS} ms, connected after ${waited}, echo "${echoed}"`, "\n");
connection.reset();
server.close();

const story: Story = {
  port,
  plainAttempts: plain.attempts,
  serverError,
  guardedAttempts: guarded.attempts,
  rejected: guarded.rejected,
  letThrough,
  echoed,
  failures,
};
console.log(JSON.stringify(story));
