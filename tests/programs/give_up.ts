/**
 * Dials addresses and names that never answer, gives up in every way there is, and prints as JSON how that went. The
 * process has to end by itself afterwards, unless the word "exit" says that it cannot.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectOptions } from "../../mod.ts";
import { unusedPort } from "../fixtures/tcp_server.ts";
import { connects } from "./connects.ts";
import { socketsOnPort } from "./host_sockets.ts";

const [kind, scenario, portText, afterText] = process.argv.slice(2) as [string, string, string, string];
const silentPort = Number(portText);
const connect = connects[kind]!;

export interface Outcome {
  /** Milliseconds until the promise settled. */
  readonly elapsed: number;
  /** Milliseconds that a plain timer took which was asked for the same time: what the machine adds by itself. */
  readonly control: number;
  /** Whether it rejected with the very reason of the abort. */
  readonly isReason: boolean;
  readonly name: string | undefined;
  readonly code: string | undefined;
  readonly attempts: number | undefined;
  readonly causeName: string | undefined;
  /** Sockets whose remote end is the silent port, after everything. */
  readonly left: readonly string[];
}

const reason = { the: "very same" };
const after = (ms: number): AbortSignal => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), ms);
  return controller.signal;
};

const refusingPort = await unusedPort();
const SILENT = { hostname: "127.0.0.1", port: silentPort };
const scenarios: Record<string, () => ConnectOptions> = {
  "aborted before": () => ({ ...SILENT, signal: AbortSignal.abort(reason) }),
  "aborted at once": () => {
    const controller = new AbortController();
    queueMicrotask(() => controller.abort(reason));
    return { ...SILENT, signal: controller.signal };
  },
  "aborted during connect": () => ({ ...SILENT, signal: after(300) }),
  "aborted during connect with retry": () => ({ ...SILENT, retry: true, signal: after(300) }),
  "aborted during a pause": () => ({
    hostname: "127.0.0.1",
    port: refusingPort,
    retry: { initialDelay: 60_000, maxDelay: 60_000 },
    signal: after(300),
  }),
  "aborted during DNS": () => ({ hostname: "nobody-knows.example", port: 80, signal: after(300) }),
  "timeout": () => ({ ...SILENT, timeout: 300 }),
  "timeout with retry": () => ({ ...SILENT, retry: true, attemptTimeout: 120, timeout: 300 }),
  "timeout during DNS": () => ({ hostname: "nobody-knows.example", port: 80, timeout: 300 }),
  "attemptTimeout": () => ({ ...SILENT, attemptTimeout: 300 }),
};

// Before the options, whose signals are timed from here on.
const started = performance.now();
const options = scenarios[scenario]!();
const control = sleep(Number(afterText)).then(() => performance.now() - started);
let rejection: unknown;
try {
  await connect(options);
} catch (error) {
  rejection = error;
}
const elapsed = performance.now() - started;
const { name, code, attempts, cause } = (rejection ?? {}) as Record<string, unknown>;
await sleep(200);
const outcome = {
  elapsed,
  control: await control,
  isReason: rejection === reason,
  name,
  code,
  attempts,
  causeName: (cause as Error | undefined)?.name,
  left: socketsOnPort(silentPort, "remote"),
};
console.log(JSON.stringify(outcome));
if (process.argv[6] === "exit") process.exit();
