import { formatEndpoint } from "../core/endpoint.ts";
import type { SocketInfo } from "../host/inspect.ts";
import { printable } from "./output.ts";

/** The value of a label in the text exposition format, without the control characters of a command line. */
function quote(value: string): string {
  const lines = value.split("\n").map((line) => printable(line).replaceAll("\\", "\\\\").replaceAll('"', '\\"'));
  return `"${lines.join("\\n")}"`;
}

function labels({ local, pid, command, uid, netns }: SocketInfo): string {
  const pairs: readonly (readonly [string, string | number | null])[] = [
    ["local", formatEndpoint(local)],
    ["pid", pid],
    ["command", command],
    ["uid", uid],
    ["netns", netns],
  ];
  return pairs.map(([name, value]) => `${name}=${quote(String(value ?? ""))}`).join(",");
}

function family(name: string, help: string, samples: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples, ""].join("\n");
}

function families(what: string, name: string, plural: string, sockets: readonly SocketInfo[]): string {
  // One sample for all sockets with the same labels, such as listeners of one port with SO_REUSEPORT.
  const counts = new Map<string, number>();
  for (const socket of sockets) counts.set(labels(socket), (counts.get(labels(socket)) ?? 0) + 1);
  const samples = [...counts].map(([text, count]) => `${name}{${text}} ${count}`);
  return family(plural, `Number of ${what}.`, [`${plural} ${sockets.length}`]) +
    (samples.length > 0 ? family(name, `Each of the ${what}, by process.`, samples) : "");
}

/** The text exposition format, for node_exporter's textfile collector. */
export function prometheusText(
  selfConnections: readonly SocketInfo[],
  listeners?: readonly SocketInfo[],
  shields?: readonly SocketInfo[],
): string {
  const self = families(
    "live TCP connections that are connected to themselves",
    "realpeer_self_connection",
    "realpeer_self_connections",
    selfConnections,
  );
  const others = [
    listeners && families("listening TCP sockets", "realpeer_listener", "realpeer_listeners", listeners),
    shields && family("realpeer_shields", "Number of sockets that shield a port.", [
      `realpeer_shields ${shields.length}`,
    ]),
  ];
  return self + others.join("");
}
