import { type PortShield, shieldPort, type ShieldState } from "../../api/shield_port.ts";
import { sleep } from "../../core/sleep.ts";
import { parseArguments, parsePort, splitCommand } from "../arguments.ts";
import { UsageError } from "../errors.ts";
import type { Interrupts } from "../interrupts.ts";
import { messageOf, orDocument, writeJsonBefore } from "../output.ts";
import { runCommand } from "../run_command.ts";
import type { System } from "../runtime/system.ts";

const OPTIONS = {
  quiet: { type: "boolean", short: "q" },
  json: { type: "boolean" },
} as const;

interface Request {
  readonly ports: readonly number[];
  readonly quiet: boolean;
  readonly json: boolean;
  readonly command: readonly string[] | undefined;
}

function readRequest(args: readonly string[]): Request {
  const { ours, command } = splitCommand(args);
  const { values, positionals } = parseArguments("shield", ours, OPTIONS);
  if (positionals.length === 0) throw new UsageError("No port to shield: expected PORT...");
  const ports = [...new Set(positionals.map(parsePort))];
  return { ports, quiet: values.quiet ?? false, json: values.json ?? false, command };
}

/** The alternatives to a shield on other systems. */
const ALTERNATIVES: Readonly<Record<string, string>> = {
  darwin: "macOS keeps ports from clients by its range: sysctl net.inet.ip.portrange.first",
  win32: "Windows keeps ports from clients by netsh int ipv4 add excludedportrange",
};

function describe({ port, state }: Pick<PortShield, "port" | "state">): string {
  const words: Readonly<Record<ShieldState, string>> = {
    held: "held",
    listening: "a server listens, held as soon as it goes",
    "not-at-risk": "not at risk, the kernel gives it to no client",
    unsupported: `unsupported, ${ALTERNATIVES[process.platform] ?? "only Linux has it"}; see realpeer check ${port}`,
  };
  return `${port} ${words[state]}\n`;
}

/** The length of one sleep: a shield does not keep the process alive, a timer does. */
const SLEEP_MS = 3_600_000;

/** `realpeer shield`: keeps ports from every client of this host while a command runs, or until it is interrupted. */
export async function shield(args: readonly string[], system: System, { signal }: Interrupts): Promise<number> {
  const { ports, quiet, json, command } = readRequest(args);
  const shields: PortShield[] = [];
  const hold = async (): Promise<void> => {
    for (const port of ports) {
      const shield = await shieldPort(port);
      shields.push(shield);
      if (!quiet) system.stderr.write(describe(shield));
    }
    signal.throwIfAborted();
  };
  const states = (): object[] => ports.map((port, i) => ({ port, state: shields[i]?.state ?? null }));
  try {
    await orDocument(hold, json ? system : undefined, (error) => ({ ports: states(), error: messageOf(error) }));
    if (json) writeJsonBefore(command, system, { ports: states() });
    if (command !== undefined) return await runCommand(command, system, signal);
    while (true) await sleep(SLEEP_MS, signal);
  } finally {
    for (const shield of shields) await shield.release();
  }
}
