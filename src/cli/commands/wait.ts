import { afterPoll } from "../../core/clock.ts";
import { parseArguments } from "../arguments.ts";
import { formatDuration, parseDuration } from "../duration.ts";
import { Status, UsageError } from "../errors.ts";
import type { Interrupts } from "../interrupts.ts";
import { printable, roundMs, StatusLine, writeJson } from "../output.ts";
import { runCommand } from "../run_command.ts";
import type { System } from "../runtime/system.ts";
import { parseTarget, TargetWait, type WaitOptions, type WaitTarget } from "../wait_target.ts";

const DEFAULT_TIMEOUT_MS = 30_000;
/** How long the process of `--while-pid` may be gone before that is noticed. */
const PROCESS_POLL_MS = 100;

const OPTIONS = {
  any: { type: "boolean" },
  free: { type: "boolean" },
  timeout: { type: "string", short: "t" },
  "attempt-timeout": { type: "string" },
  "max-delay": { type: "string" },
  "stable-for": { type: "string" },
  "while-pid": { type: "string" },
  quiet: { type: "boolean", short: "q" },
  json: { type: "boolean" },
} as const;

interface Request extends WaitOptions {
  readonly targets: readonly WaitTarget[];
  readonly any: boolean;
  readonly whilePid: number | undefined;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly command: readonly string[] | undefined;
}

function parsePid(text: string): number {
  const pid = Number(text);
  // kill(2) takes other numbers for groups of processes.
  if (!/^\d+$/.test(text) || pid < 1) throw new UsageError(`Cannot read --while-pid ${text}: expected a process id`);
  return pid;
}

function readRequest(args: readonly string[]): Request {
  const separator = args.indexOf("--");
  const command = separator < 0 ? undefined : args.slice(separator + 1);
  const { values, positionals } = parseArguments("wait", separator < 0 ? args : args.slice(0, separator), OPTIONS);
  const duration = (name: "timeout" | "attempt-timeout" | "max-delay" | "stable-for"): number | undefined => {
    const text = values[name];
    return text === undefined ? undefined : parseDuration(`--${name}`, text);
  };
  if (positionals.length === 0) throw new UsageError("No target to wait for: expected PORT or HOST:PORT");
  if (command?.length === 0) throw new UsageError("No command after --, leave it out or add one");
  const pid = values["while-pid"];
  return {
    targets: positionals.map(parseTarget),
    timeout: duration("timeout") ?? DEFAULT_TIMEOUT_MS,
    attemptTimeout: duration("attempt-timeout"),
    maxDelay: duration("max-delay"),
    stableFor: duration("stable-for") ?? 0,
    whilePid: pid === undefined ? undefined : parsePid(pid),
    any: values.any ?? false,
    free: values.free ?? false,
    quiet: values.quiet ?? false,
    json: values.json ?? false,
    command,
  };
}

/** Calls back once the process is gone, at once if it is already; returns what ends the watch. */
async function watch(pid: number | undefined, onGone: () => void): Promise<() => void> {
  if (pid === undefined) return () => {};
  const isRunning = (await import("../../host/process_watch.ts")).watchProcess(pid);
  const check = (): void => {
    if (!isRunning()) onGone();
  };
  check();
  const timer = setInterval(check, PROCESS_POLL_MS);
  return () => clearInterval(timer);
}

/** Waits for all targets, or for any; resolves early when that has become impossible. */
async function waitForAll(waits: readonly TargetWait[], request: Request, signal: AbortSignal): Promise<boolean> {
  const stop = new AbortController();
  let isProcessGone = false;
  const endWatch = await watch(request.whilePid, () => {
    isProcessGone = true;
    stop.abort();
  });
  try {
    await Promise.all(waits.map(async (wait) => {
      // One signal each: Node warns when more than ten listen to the same.
      await wait.run(request, AbortSignal.any([signal, stop.signal]));
      if (wait.isReady === request.any) stop.abort();
    }));
  } finally {
    endWatch();
  }
  // Of what was given up, a self-connection may only now come up, to be reset: ending the process would close it
  // normally and leave its TIME_WAIT.
  if (waits.some(({ isReady }) => !isReady)) await new Promise<void>((resolve) => afterPoll(() => afterPoll(resolve)));
  return isProcessGone;
}

/** Why it was all in vain, in one line. */
function explain(waits: readonly TargetWait[], { timeout, whilePid }: Request, isProcessGone: boolean): string {
  const pending = waits.filter(({ isReady }) => !isReady);
  const failed = pending.find(({ failure }) => failure !== undefined);
  if (failed) return `Cannot wait for ${failed.target.text}: ${failed.reason}`;
  const targets = pending.map(({ target, reason }) => `${target.text} (${reason})`).join(", ");
  if (isProcessGone) return `Process ${whilePid} is gone, gave up on ${targets}`;
  return `Timed out after ${formatDuration(timeout)}, wait longer with --timeout: ${targets}`;
}

function announce(wait: TargetWait, isFree: boolean): string {
  const { target, elapsed, remote } = wait.report;
  return `${target} is ${isFree ? "free" : "ready"} after ${formatDuration(elapsed)}${
    remote ? ` (${remote.hostname})` : ""
  }`;
}

/** `realpeer wait`: until a real peer accepts on the targets, or the ports are free; then a command. */
export async function wait(args: readonly string[], system: System, interrupts: Interrupts): Promise<number> {
  const request = readRequest(args);
  const { any, json, quiet, free, command } = request;
  const started = performance.now();
  const waits = request.targets.map((target) => new TargetWait(target));
  const status = quiet ? undefined : new StatusLine(system, () => {
    const pending = waits.filter(({ isReady }) => !isReady).map(({ target, reason }) => `${target.text} (${reason})`);
    return `waiting ${formatDuration(performance.now() - started)} for ${pending.join(", ")}`;
  });
  let isProcessGone: boolean;
  try {
    isProcessGone = await waitForAll(waits, request, interrupts.signal);
  } finally {
    status?.clear();
  }
  interrupts.signal.throwIfAborted();
  const ready = any ? waits.some(({ isReady }) => isReady) : waits.every(({ isReady }) => isReady);
  if (json) {
    const elapsed = roundMs(performance.now() - started);
    writeJson(system, { ready, elapsed, targets: waits.map(({ report }) => report) });
  }
  if (!ready) {
    if (!quiet) system.stderr.write(`realpeer: ${printable(explain(waits, request, isProcessGone))}\n`);
    return waits.some(({ failure }) => failure) ? Status.UNEXPECTED : Status.NOT_MET;
  }
  if (!quiet && !json) {
    for (const wait of waits) if (wait.isReady) system.stderr.write(`${announce(wait, free)}\n`);
  }
  if (command === undefined) return Status.MET;
  return await runCommand(command, system);
}
