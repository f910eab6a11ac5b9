import process from "node:process";
import {
  assessPort,
  formatPortList,
  includesPort,
  type PortRange,
  type PortRisk,
  type PortSettings,
} from "../../core/port_range.ts";
import { inspect } from "../../host/inspect.ts";
import { readPortSettings } from "../../host/port_settings.ts";
import { isListening } from "../../host/proc.ts";
import { parseArguments, parsePort } from "../arguments.ts";
import { Status, UsageError } from "../errors.ts";
import { fixCommand, fixTitle, otherPort, reservation } from "../fix.ts";
import { type Paint, painterFor, printable, table, writeJson } from "../output.ts";
import { type ListenerReport, listenerReport, nameOf, PROC_OPTION, readingProc } from "../proc_access.ts";
import type { System } from "../runtime/system.ts";

const OPTIONS = { json: { type: "boolean" }, ...PROC_OPTION } as const;

/** One port, as `--json` shows it. */
interface PortReport extends PortRisk {
  readonly port: number;
  readonly range: PortRange;
  /** Whether the kernel gives this port to no client. */
  readonly reserved: boolean;
  /** Who listens there now; null when nobody does, or where that cannot be seen. */
  readonly listening: readonly ListenerReport[] | null;
  /** A command that ends the risk, of this port and the others that were asked for, or the advice to use another port. */
  readonly fix: string | null;
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
  return `${lines.join("\n").trimEnd()}\n`;
}

/** `realpeer check`: whether a server on these ports can be kept out by a client that was connected to itself. */
export function check(args: readonly string[], system: System): number {
  const { values: { json = false, proc }, positionals } = parseArguments("check", args, OPTIONS);
  if (positionals.length === 0) throw new UsageError("No port to check: expected PORT...");
  const ports = positionals.map(parsePort);
  const settings = readingProc(() => readPortSettings(proc));
  // Elsewhere the socket table is netstat's business; the risk does not depend on it.
  const listeners = process.platform === "linux" ? readingProc(() => inspect(isListening, { root: proc })).sockets : [];
  const { unbindable = [] } = settings;
  const risks = ports.map((port) => assessPort(port, settings));
  const exposed = ports.filter((_port, i) => risks[i]!.risk !== "none");
  const fix = exposed.length === 0 ? null : fixCommand(exposed, settings);
  const reports = ports.map((port, i): PortReport => {
    const here = listeners.filter(({ local }) => local.port === port);
    const { risk, reasons, expectedAttempts } = risks[i]!;
    return {
      port,
      risk,
      reasons,
      range: settings.range,
      reserved: includesPort(settings.reserved, port),
      listening: here.length === 0 ? null : here.map(listenerReport),
      expectedAttempts,
      fix: risk !== "none" ? fix : includesPort(unbindable, port) ? otherPort([port], settings) : null,
    };
  });
  if (json) writeJson(system, reports);
  else system.stdout.write(textOf(reports, settings, fix, system));
  return reports.some(({ risk }) => risk === "high") ? Status.NOT_MET : Status.MET;
}
