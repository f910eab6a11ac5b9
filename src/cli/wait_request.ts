import type { StatusTest } from "../api/wait_for_http.ts";
import { WAIT_TIMEOUT_MS } from "../api/wait_for_port.ts";
import { type Arguments, parseArguments } from "./arguments.ts";
import { parseDuration } from "./duration.ts";
import { UsageError } from "./errors.ts";
import { assertOwnOptions } from "./foreign_options.ts";
import type { System } from "./runtime/system.ts";
import { isTarget, parseTarget, type WaitTarget } from "./target.ts";
import type { WaitOptions } from "./wait_target.ts";
import { parsePid } from "./while_pid.ts";

/** The options that `wait` and `start` share. */
export const WAIT_OPTIONS = {
  any: { type: "boolean" },
  timeout: { type: "string", short: "t" },
  "attempt-timeout": { type: "string" },
  "max-delay": { type: "string" },
  "stable-for": { type: "string" },
  status: { type: "string" },
  insecure: { type: "boolean" },
  shield: { type: "boolean" },
  "while-pid": { type: "string" },
  quiet: { type: "boolean", short: "q" },
  json: { type: "boolean" },
} as const;

/** `free` is an option of `wait` alone. */
type WaitValues = Arguments<typeof WAIT_OPTIONS>["values"] & { readonly free?: boolean };

/** The targets of a wait, its options and output, and the command that follows. */
export interface WaitRequest extends WaitOptions {
  readonly targets: readonly WaitTarget[];
  readonly any: boolean;
  /** Whether the targets' ports are shielded during the wait. */
  readonly shield: boolean;
  /** The process of `--while-pid`: the wait ends when it is gone. */
  readonly whilePid: number | undefined;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly command: readonly string[] | undefined;
}

/** Parses the arguments; for options of other tools the error names the equivalent. */
export function parseWaitArguments<const Specs extends Parameters<typeof parseArguments>[2]>(
  name: string,
  args: readonly string[],
  specs: Specs,
): Arguments<Specs> {
  assertOwnOptions(args, specs);
  return parseArguments(name, args, specs);
}

/** `200`, `200,204`, `200-399`, `2xx`. */
export function parseStatus(text: string): StatusTest {
  const ranges = text.split(",").map((part) => {
    const [, low, high, hundreds] = /^(?:(\d{3})(?:-(\d{3}))?|(\d)xx)$/i.exec(part.trim()) ?? [];
    if (hundreds !== undefined) return { low: Number(hundreds) * 100, high: Number(hundreds) * 100 + 99 };
    return { low: Number(low), high: Number(high ?? low) };
  });
  if (!ranges.every(({ low, high }) => low >= 100 && high >= low)) {
    throw new UsageError(`Cannot read --status ${text}: expected 200, 200,204, 200-399 or 2xx`);
  }
  return (status) => ranges.some(({ low, high }) => low <= status && status <= high);
}

/** An option overrides the environment variable of the same name. */
function durationOf(
  name: "timeout" | "attempt-timeout" | "max-delay" | "stable-for",
  values: WaitValues,
  system: System,
  variable?: string,
): number | undefined {
  const given = values[name];
  if (given !== undefined) return parseDuration(`--${name}`, given);
  const text = variable === undefined ? undefined : system.env(variable);
  return text ? parseDuration(variable!, text) : undefined;
}

/** The words beside the targets. */
interface Programs {
  readonly command: readonly string[] | undefined;
  /** The server of `realpeer start`. */
  readonly server?: string | undefined;
}

/** Other tools take a command without `--`, and users forget the quotes of a server: its words look like targets. */
function hintFor(index: number, targets: readonly string[], { command, server }: Programs): string | undefined {
  if (index > 0) return command ? undefined : `a command comes after --, as in -- ${targets.slice(index).join(" ")}`;
  const first = targets.findIndex(isTarget);
  if (server === undefined || /\s/.test(server) || first < 0) return undefined;
  const words = [server, ...targets.slice(0, first)].join(" ");
  return `SERVER is one argument, put it in quotes: realpeer start "${words}" ${targets.slice(first).join(" ")}`;
}

function parseTargetAt(index: number, targets: readonly string[], programs: Programs): WaitTarget {
  try {
    return parseTarget(targets[index]!);
  } catch (error) {
    const hint = hintFor(index, targets, programs);
    if (hint === undefined || !(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}; ${hint}`);
  }
}

/** Without a request nothing would check the status: the target would be ready without having met it. */
function assertAsksForAnswer(values: WaitValues, { free, targets }: WaitRequest): void {
  if (!free && targets.some(({ kind }) => kind === "http")) return;
  const name = (["status", "insecure"] as const).find((option) => values[option] !== undefined);
  if (name === undefined) return;
  const reason = free ? "with --free: no request is sent" : "without an http:// or https:// URL";
  throw new UsageError(`Cannot use --${name} ${reason}`);
}

/** The common part of a request. */
export function readWaitRequest(
  values: WaitValues,
  targets: readonly string[],
  programs: Programs,
  system: System,
): WaitRequest {
  if (targets.length === 0) throw new UsageError("No target to wait for: expected PORT, HOST:PORT, a URL or unix:PATH");
  const request: WaitRequest = {
    targets: targets.map((_text, i) => parseTargetAt(i, targets, programs)),
    timeout: durationOf("timeout", values, system, "REALPEER_TIMEOUT") ?? WAIT_TIMEOUT_MS,
    attemptTimeout: durationOf("attempt-timeout", values, system),
    maxDelay: durationOf("max-delay", values, system, "REALPEER_MAX_DELAY"),
    stableFor: durationOf("stable-for", values, system) ?? 0,
    status: values.status === undefined ? undefined : parseStatus(values.status),
    insecure: values.insecure ?? false,
    free: values.free ?? false,
    any: values.any ?? false,
    shield: values.shield ?? false,
    whilePid: values["while-pid"] === undefined ? undefined : parsePid(values["while-pid"]),
    quiet: values.quiet ?? false,
    json: values.json ?? false,
    command: programs.command,
  };
  assertAsksForAnswer(values, request);
  return request;
}
