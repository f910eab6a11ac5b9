import {
  assessPort,
  formatPortList,
  includesPort,
  type PortRange,
  type PortRisk,
  type PortSettings,
} from "../../core/port_range.ts";
import { inspect, type SocketInfo } from "../../host/inspect.ts";
import { readPortSettings } from "../../host/port_settings.ts";
import { isHolder, isListening, isSelfConnected, type RowFilter } from "../../host/proc.ts";
import { parseArguments, parsePort } from "../arguments.ts";
import { Status, UsageError } from "../errors.ts";
import { fixCommand, fixTitle, otherPort, reservation } from "../fix.ts";
import { messageOf, orDocument, type Paint, painterFor, printable, table, writeJson } from "../output.ts";
import { type ListenerReport, listenerReport, nameOf, PROC_OPTION, readingProc } from "../proc_access.ts";
import type { System } from "../runtime/system.ts";

const OPTIONS = { json: { type: "boolean" }, ...PROC_OPTION } as const;

/** One port, as `--json` shows it. The risk of a shielded port is `"low"`, as long as the shield runs. */
interface PortReport extends PortRisk {
  readonly port: number;
  readonly range: PortRange;
  /** Whether the kernel gives this port to no client. */
  readonly reserved: boolean;
  /** The current listeners on the port; null when there are none, or they cannot be seen. */
  readonly listening: readonly ListenerReport[] | null;
  /** The command that ends the risk of all given ports, or the advice to use another port. */
  readonly fix: string | null;
  /** The current shields of the port; left out when there are none. */
  readonly shields?: readonly ListenerReport[];
}

/** The risk with its shields: only a client that first binds a specific address can get a shielded port. */
function withShields({ risk, reasons, expectedAttempts }: PortRisk, holders: readonly SocketInfo[]): PortRisk {
  if (risk === "none" || holders.length === 0) return { risk, reasons, expectedAttempts };
  const names = holders.map((holder) => printable(nameOf(holder))).join(", ");
  return { risk: "low", reasons: [...reasons, `shielded, while it runs, by ${names}`], expectedAttempts: null };
}

const COLOURS = { none: "green", low: "yellow", high: "red" } as const;

function row({ port, risk, reasons, expectedAttempts, listening }: PortReport, paint: Paint): string[] {
  const server = listening?.map((socket) => printable(nameOf(socket))).join(", ") ?? "-";
  return [String(port), paint(COLOURS[risk], risk), String(expectedAttempts ?? "-"), server, reasons.at(-1) ?? ""];
}

function textOf(
  reports: readonly PortReport[],
  settings: PortSettings,
  fix: string | null,
  system: System,
): string {
  const { stdout } = system;
  const paint = painterFor(stdout, system);
  const { range: { low, high }, reserved, prefersParity } = settings;
  const lines = [
    `Ephemeral range ${low}-${high}, reserved ${formatPortList(reserved) || "none"}`,
    "",
    table([["PORT", "RISK", "ATTEMPTS", "LISTENING", "WHY"], ...reports.map((report) => row(report, paint))], stdout),
  ];
  if (fix !== null) lines.push(fixTitle(fix), ...fix.split("\n").map((line) => `  ${line}`));
  if (fix !== null && prefersParity) {
    const exposed = reports.filter(({ risk }) => risk !== "none").map(({ port }) => port);
    const file = "/etc/sysctl.d/90-reserved-ports.conf";
    lines.push(`To keep it after a restart, in ${file}:`, `  ${reservation(exposed, settings)}`);
  }
  if (fix !== null && process.platform === "linux") {
    const ports = reports.filter((report) => report.fix !== null).map(({ port }) => port);
    lines.push("Without root, while a command runs:", `  realpeer shield ${ports.join(" ")} -- COMMAND`);
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

/** What was found about the ports, and about the system. */
interface Assessment {
  readonly reports: readonly PortReport[];
  readonly settings: PortSettings;
  readonly fix: string | null;
}

/** @throws Error when the settings or the sockets of the system cannot be read */
function assess(ports: readonly number[], proc: string | undefined): Assessment {
  const settings = readingProc(() => readPortSettings(proc));
  const { unbindable = [] } = settings;
  const isWanted: RowFilter = (...columns) => isListening(...columns) || isSelfConnected(...columns);
  // Only Linux has a socket table to read; the risk does not depend on it.
  const sockets = process.platform === "linux" ? readingProc(() => inspect(isWanted, { root: proc })).sockets : [];
  const here = (port: number): SocketInfo[] => sockets.filter(({ local }) => local.port === port);
  const risks = ports.map((port) => withShields(assessPort(port, settings), here(port).filter(isHolder)));
  const exposed = ports.filter((_port, i) => risks[i]!.risk !== "none");
  const fix = exposed.length === 0 ? null : fixCommand(exposed, settings);
  const reports = ports.map((port, i): PortReport => {
    const listening = here(port).filter(({ state }) => state === "LISTEN").map(listenerReport);
    const shields = here(port).filter(isHolder).map(listenerReport);
    const { risk, reasons, expectedAttempts } = risks[i]!;
    return {
      port,
      risk,
      reasons,
      range: settings.range,
      reserved: includesPort(settings.reserved, port),
      listening: listening.length === 0 ? null : listening,
      expectedAttempts,
      fix: risk !== "none" ? fix : includesPort(unbindable, port) ? otherPort([port], settings) : null,
      ...(shields.length === 0 ? {} : { shields }),
    };
  });
  return { reports, settings, fix };
}

/** What `--json` shows of a port about which nothing can be found. */
function unknownReport(port: number, error: unknown): object {
  const nothing = { range: null, reserved: null, listening: null, expectedAttempts: null, fix: null };
  return { port, risk: null, reasons: [], ...nothing, error: messageOf(error) };
}

/** `realpeer check`: whether a self-connection of a client can keep a server off these ports. */
export async function check(args: readonly string[], system: System): Promise<number> {
  const { values: { json = false, proc }, positionals } = parseArguments("check", args, OPTIONS);
  if (positionals.length === 0) throw new UsageError("No port to check: expected PORT...");
  const ports = [...new Set(positionals.map(parsePort))];
  const document = (error: unknown): unknown => ports.map((port) => unknownReport(port, error));
  const { reports, settings, fix } = await orDocument(() => assess(ports, proc), json ? system : undefined, document);
  if (json) writeJson(system, reports);
  else system.stdout.write(textOf(reports, settings, fix, system));
  return reports.some(({ risk }) => risk === "high") ? Status.NOT_MET : Status.MET;
}
