import { splitCommand } from "./arguments.ts";
import { parseDuration } from "./duration.ts";
import { UsageError } from "./errors.ts";
import type { System } from "./runtime/system.ts";
import { parseWaitArguments, readWaitRequest, WAIT_OPTIONS, type WaitRequest } from "./wait_request.ts";

const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2"] as const;
type StopSignal = typeof STOP_SIGNALS[number];

const OPTIONS = {
  ...WAIT_OPTIONS,
  reuse: { type: "boolean" },
  log: { type: "string" },
  "stop-signal": { type: "string" },
  "stop-timeout": { type: "string" },
} as const;

/** The server to start, and the request of a `realpeer wait`. */
export interface StartRequest extends WaitRequest {
  /** A command line for the system's shell. */
  readonly server: string;
  readonly reuse: boolean;
  readonly log: string | undefined;
  readonly stopSignal: StopSignal | undefined;
  readonly stopTimeout: number | undefined;
}

function parseSignal(text: string): StopSignal {
  const name = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  const signal = STOP_SIGNALS.find((known) => known === name);
  if (signal === undefined) {
    throw new UsageError(`Cannot read --stop-signal ${text}: expected one of ${STOP_SIGNALS.join(", ")}`);
  }
  return signal;
}

/** Parses the arguments of `realpeer start`. */
export function readStartRequest(args: readonly string[], system: System): StartRequest {
  const { ours, command } = splitCommand(args);
  const { values, positionals } = parseWaitArguments("start", ours, OPTIONS);
  const [server, ...targets] = positionals;
  if (server === undefined || server.trim() === "") {
    throw new UsageError(`No server to start: expected a command line, as in realpeer start "npm run dev" 3000`);
  }
  if (targets.length === 0) {
    throw new UsageError(
      `No target to wait for: expected one after the server, as in realpeer start "npm run dev" 3000`,
    );
  }
  const { "stop-signal": signal, "stop-timeout": timeout } = values;
  return {
    ...readWaitRequest(values, targets, { command, server }, system),
    server,
    reuse: values.reuse ?? false,
    log: values.log,
    stopSignal: signal === undefined ? undefined : parseSignal(signal),
    stopTimeout: timeout === undefined ? undefined : parseDuration("--stop-timeout", timeout),
  };
}
