import { readFileSync } from "node:fs";
import { formatEndpoint } from "../../core/endpoint.ts";
import { sleep } from "../../core/sleep.ts";
import { inspect, type Inspection, type SocketInfo } from "../../host/inspect.ts";
import { isHolder, isListening, isSelfConnected, parseUsers, type RowFilter } from "../../host/proc.ts";
import { parseArguments } from "../arguments.ts";
import { formatDuration, parseDuration } from "../duration.ts";
import { Status, UsageError } from "../errors.ts";
import type { Interrupts } from "../interrupts.ts";
import { messageOf, orDocument, painterFor, printable, table, writeJson } from "../output.ts";
import { listenerReport, PROC_OPTION, readingProc } from "../proc_access.ts";
import { prometheusText } from "../prometheus.ts";
import type { System } from "../runtime/system.ts";

const OPTIONS = {
  listen: { type: "boolean" },
  "all-namespaces": { type: "boolean" },
  watch: { type: "string" },
  json: { type: "boolean" },
  prometheus: { type: "boolean" },
  ...PROC_OPTION,
} as const;

interface Request {
  readonly listen: boolean;
  readonly allNamespaces: boolean;
  readonly root: string | undefined;
  /** Milliseconds between two looks; undefined for a single one. */
  readonly watch: number | undefined;
  readonly format: "json" | "prometheus" | "text";
}

/** The results of one look. */
interface Findings {
  readonly selfConnections: readonly SocketInfo[];
  /** Sockets connected to themselves on purpose: the port holders of `realpeer shield`, `shieldPort` and register. */
  readonly shields: readonly SocketInfo[];
  readonly listeners: readonly SocketInfo[] | undefined;
  readonly hasHidden: boolean;
}

function readRequest(args: readonly string[]): Request {
  const { values, positionals } = parseArguments("scan", args, OPTIONS);
  const { listen = false, "all-namespaces": allNamespaces = false, json, prometheus, proc: root } = values;
  if (positionals.length > 0) throw new UsageError(`Cannot scan ${positionals[0]}: scan takes options only`);
  if (json && prometheus) throw new UsageError("Cannot print --json and --prometheus at once, leave one out");
  const format = json ? "json" : prometheus ? "prometheus" : "text";
  const watch = values.watch === undefined ? undefined : parseDuration("--watch", values.watch);
  if (watch !== undefined && format !== "text") {
    throw new UsageError(`Cannot use --watch with --${format}, which prints one document: call it again and again`);
  }
  if (watch === 0) throw new UsageError("Cannot read --watch 0: expected a time between two looks, as in 5s");
  return { listen, allNamespaces, root, watch, format };
}

function look({ listen, allNamespaces, root }: Request): Findings {
  const isWanted: RowFilter = listen
    ? (local, remote, state) => isSelfConnected(local, remote, state) || isListening(local, remote, state)
    : isSelfConnected;
  const { sockets, hasHidden }: Inspection = readingProc(() => inspect(isWanted, { root, allNamespaces }));
  const isListener = ({ state }: SocketInfo): boolean => state === "LISTEN";
  return {
    selfConnections: sockets.filter((socket) => !isListener(socket) && !isHolder(socket)),
    shields: sockets.filter(isHolder),
    listeners: listen ? sockets.filter(isListener) : undefined,
    hasHidden,
  };
}

/** The user names of /etc/passwd; empty where there is no such file. */
function readUsers(): Map<number, string> {
  try {
    return parseUsers(readFileSync("/etc/passwd", "utf8"));
  } catch {
    return new Map();
  }
}

function socketTable(title: string, sockets: readonly SocketInfo[], { allNamespaces }: Request): string[][] {
  const users = readUsers();
  const rows = sockets.map(({ local, pid, command, uid, netns }) => [
    formatEndpoint(local),
    String(pid ?? "-"),
    printable(users.get(uid) ?? String(uid)),
    ...(allNamespaces ? [String(netns ?? "-")] : []),
    command === null ? "-" : printable(command),
  ]);
  return [[title, "PID", "USER", ...(allNamespaces ? ["NETNS"] : []), "COMMAND"], ...rows];
}

/** Says which sockets are left out, and why. */
function describeShields(shields: readonly SocketInfo[]): string {
  if (shields.length === 0) return "";
  const ports = [...new Set(shields.map(({ local }) => local.port))].toSorted((a, b) => a - b);
  return `Left out: ${shields.length} in 127.255.0.0/16, with which realpeer shields ${ports.join(", ")}\n`;
}

function textOf({ selfConnections, shields, listeners }: Findings, request: Request, system: System): string {
  const { stdout } = system;
  const paint = painterFor(stdout, system);
  const [head = [], ...rows] = socketTable("SELF-CONNECTION", selfConnections, request);
  const marked = rows.map(([local = "", ...rest]) => [paint("red", local), ...rest]);
  const found = rows.length === 0 ? "No self-connections\n" : table([head, ...marked], stdout);
  const self = found + describeShields(shields);
  if (listeners === undefined) return self;
  return `${self}\n${table(socketTable("LISTENING", listeners, request), stdout)}`;
}

function write(findings: Findings, request: Request, system: System): void {
  const { selfConnections, shields, listeners, hasHidden } = findings;
  if (request.format === "prometheus") {
    system.stdout.write(prometheusText(selfConnections, listeners, shields));
  } else if (request.format === "json") {
    const live = selfConnections.map(({ state: _state, ...socket }) => socket);
    const held = shields.length > 0 ? shields.map(listenerReport) : undefined;
    writeJson(system, { selfConnections: live, shields: held, listeners: listeners?.map(listenerReport) });
  } else {
    system.stdout.write(textOf(findings, request, system));
  }
  if (hasHidden) {
    const hint = process.getuid?.() === 0 ? "" : ", run as root to see all";
    system.stderr.write(`realpeer: Some processes cannot be seen${hint}\n`);
  }
}

/** Looks again and again until a signal ends it: redraws a terminal; writes to a pipe only after a change. */
async function watch(request: Request, ms: number, system: System, signal: AbortSignal): Promise<never> {
  const isTerminal = system.stdout.isTerminal();
  for (let last = "";;) {
    const text = textOf(look(request), request, system);
    const now = new Date().toLocaleTimeString("sv");
    if (isTerminal) system.stdout.write(`\x1b[H\x1b[2J${now}, every ${formatDuration(ms)}\n\n${text}`);
    else if (text !== last) system.stdout.write(`${now}\n${text}`);
    last = text;
    await sleep(ms, signal);
  }
}

/** `realpeer scan`: the live self-connections of this host, and the programs that hold them. */
export async function scan(args: readonly string[], system: System, { signal }: Interrupts): Promise<number> {
  const request = readRequest(args);
  if (request.watch !== undefined) return await watch(request, request.watch, system, signal);
  const unknown = { selfConnections: null, ...(request.listen && { listeners: null }) };
  const document = (error: unknown): unknown => ({ ...unknown, error: messageOf(error) });
  const findings = await orDocument(() => look(request), request.format === "json" ? system : undefined, document);
  write(findings, request, system);
  return findings.selfConnections.length > 0 ? Status.NOT_MET : Status.MET;
}
