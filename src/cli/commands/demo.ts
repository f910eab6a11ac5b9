import { type Endpoint, formatEndpoint } from "../../core/endpoint.ts";
import { assessPort, type PortSettings } from "../../core/port_range.ts";
import { sleep } from "../../core/sleep.ts";
import { chooseDeadPort, whoListens } from "../../host/dead_port.ts";
import { selfConnectAddress } from "../../host/loopback.ts";
import { readPortSettings } from "../../host/port_settings.ts";
import { parseArguments, parsePort } from "../arguments.ts";
import { type DemoConnection, type DemoState, dialDeadPort } from "../demo_loop.ts";
import { formatDuration, parseDuration } from "../duration.ts";
import { Status, UsageError } from "../errors.ts";
import type { Interrupts } from "../interrupts.ts";
import { messageOf, orDocument, printable, roundMs, StatusLine, writeJson } from "../output.ts";
import { MOUNT_PROC, readingProc } from "../proc_access.ts";
import type { System } from "../runtime/system.ts";

const DEFAULT_ATTEMPTS = 65_536;

const OPTIONS = {
  attempts: { type: "string" },
  hold: { type: "string" },
  guarded: { type: "boolean" },
  json: { type: "boolean" },
} as const;

interface Request {
  readonly port: number | undefined;
  readonly maxAttempts: number;
  readonly hold: number;
  readonly isGuarded: boolean;
  readonly json: boolean;
}

/** The result of a demonstration. */
interface Outcome extends DemoState {
  /** Null where none was found. */
  readonly port: number | null;
  /** Whether the kernel gives the port to clients at all. */
  readonly isPossible: boolean;
  readonly connection: DemoConnection | null;
  readonly elapsed: number;
}

/** The outcome on a port that a server has, or without a port. */
const NOT_DIALED = { isPossible: false, connection: null, attempts: 0, rejected: 0, elapsed: 0 } as const;

function readRequest(args: readonly string[]): Request {
  const { values, positionals } = parseArguments("demo", args, OPTIONS);
  const { attempts = String(DEFAULT_ATTEMPTS), hold = "0", guarded = false, json = false } = values;
  if (positionals.length > 1) throw new UsageError(`Cannot use ${positionals.length} ports: expected one or none`);
  const [port] = positionals.map(parsePort);
  if (!/^[1-9]\d*$/.test(attempts)) {
    throw new UsageError(`Cannot read --attempts ${attempts}: expected a number from 1`);
  }
  return { port, maxAttempts: Number(attempts), hold: parseDuration("--hold", hold), isGuarded: guarded, json };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function attemptsIn(count: number, ms: number): string {
  return `${counted(count, "attempt")} in ${formatDuration(ms)}`;
}

/** Dials and shows the progress. */
async function dialInView(
  target: Endpoint,
  request: Request,
  settings: PortSettings,
  system: System,
  signal: AbortSignal,
): Promise<Outcome> {
  const { isGuarded, maxAttempts } = request;
  const { risk, expectedAttempts } = assessPort(target.port, settings);
  const state: DemoState = { attempts: 0, rejected: 0 };
  const started = performance.now();
  const status = new StatusLine(system, () => {
    const share = expectedAttempts &&
      `, ${Math.floor(100 * state.attempts / expectedAttempts)} % of the expected number`;
    const effort = attemptsIn(state.attempts, performance.now() - started);
    return `dialing ${formatEndpoint(target)}: ${effort}${share ?? ""}`;
  });
  const outcome = (connection: DemoConnection | null): Outcome => {
    return {
      port: target.port,
      isPossible: risk !== "none",
      connection,
      ...state,
      elapsed: performance.now() - started,
    };
  };
  const document = (error: unknown): object => documentOf(outcome(null), error);
  const dial = (): ReturnType<typeof dialDeadPort> => dialDeadPort(target, isGuarded, maxAttempts, state, signal);
  try {
    return outcome(await orDocument(dial, request.json ? system : undefined, document));
  } finally {
    status.clear();
  }
}

/** The document of `--json`; `error` is what has ended the demonstration early. */
function documentOf({ port, connection, attempts, elapsed }: Outcome, error?: unknown): object {
  const { local, remote } = connection?.pair ?? { local: null, remote: null };
  const selfConnected = connection?.isSelf ?? false;
  const failure = error === undefined ? {} : { error: messageOf(error) };
  return { port, selfConnected, attempts, elapsed: roundMs(elapsed), local, remote, ...failure };
}

function writeOutcome(outcome: Outcome, { isGuarded, json, maxAttempts }: Request, system: System): void {
  if (json) return writeJson(system, documentOf(outcome));
  const { isPossible, connection, attempts, rejected, elapsed } = outcome;
  const effort = attemptsIn(attempts, elapsed);
  if (connection) {
    const { local, remote } = connection.pair;
    const peer = connection.isSelf ? "" : "a server that has started meanwhile, not itself: ";
    return system.stdout.write(`connected ${formatEndpoint(local)} ${formatEndpoint(remote)}\n${peer}${effort}\n`);
  }
  if (isGuarded) {
    const what = rejected === 0
      ? "the kernel made no self-connection"
      : `the guard rejected ${counted(rejected, "self-connection")}`;
    return system.stdout.write(`none got through: ${what}\n${effort}\n`);
  }
  const advice = isPossible ? `, try again or with --attempts ${2 * maxAttempts}` : "";
  system.stdout.write(`not connected to itself${advice}\n${effort}\n`);
}

/** A dead port to dial, and the settings of the system. */
interface DeadPort {
  readonly target: Endpoint;
  readonly settings: PortSettings;
  /** A description of a listener that the port has after all, or null. */
  readonly listener: string | null;
}

async function findDeadPort({ port: given }: Request): Promise<DeadPort> {
  const settings = readingProc(readPortSettings, MOUNT_PROC);
  const hostname = selfConnectAddress();
  const port = given ?? await chooseDeadPort(settings, hostname);
  return { target: { hostname, port }, settings, listener: await whoListens(port, hostname) };
}

/** `realpeer demo`: dials a dead local port until the kernel connects the socket to itself. */
export async function demo(args: readonly string[], system: System, { signal }: Interrupts): Promise<number> {
  const request = readRequest(args);
  const document = (error: unknown): object => documentOf({ ...NOT_DIALED, port: request.port ?? null }, error);
  const search = (): Promise<DeadPort> => findDeadPort(request);
  const { target, settings, listener } = await orDocument(search, request.json ? system : undefined, document);
  const { port } = target;
  if (listener !== null) {
    system.stderr.write(`realpeer: Cannot demonstrate on ${port}: ${printable(listener)}, take another port or none\n`);
    if (request.json) writeOutcome({ ...NOT_DIALED, port }, request, system);
    return Status.NOT_MET;
  }
  const { risk, reasons } = assessPort(port, settings);
  if (risk !== "high") {
    const odds = risk === "none" ? "cannot" : "is not likely to";
    system.stderr.write(`realpeer: Port ${port} ${odds} be connected to itself: ${reasons.join(", ")}\n`);
  }
  const outcome = await dialInView(target, request, settings, system, signal);
  const { connection } = outcome;
  try {
    writeOutcome(outcome, request, system);
    if (connection?.isSelf && request.hold > 0) {
      if (!request.json) system.stderr.write(`held for ${formatDuration(request.hold)}, Ctrl-C ends it\n`);
      await sleep(request.hold, signal);
    }
  } finally {
    connection?.release();
  }
  const isShown = request.isGuarded ? connection === null : connection?.isSelf === true;
  return isShown ? Status.MET : Status.NOT_MET;
}
