/** In a namespace with many sockets: times `ss -tanp` and `realpeer scan` in turns, JSON. scans.ts MAIN MANY_SOCKETS COUNT ROUNDS */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import process from "node:process";

export interface Scans {
  /** Milliseconds for each round. */
  readonly ss: number[];
  readonly scan: number[];
  /** How many sockets ss saw. */
  readonly sockets: number;
}

const [main, manySockets, count, rounds] = process.argv.slice(2) as [string, string, string, string];
const MAX_OUTPUT = 1 << 28;

function timed(command: readonly string[]): [ms: number, stdout: string] {
  const [file, ...args] = command as [string, ...string[]];
  const started = performance.now();
  const { stdout, error } = spawnSync(file, args, { encoding: "utf8", maxBuffer: MAX_OUTPUT });
  if (error) throw error;
  return [performance.now() - started, stdout];
}

const holder = spawn("python3", [manySockets, count], { stdio: ["pipe", "pipe", "inherit"] });
await once(holder.stdout, "data");
const taken: Scans = { ss: [], scan: [], sockets: 0 };
let sockets = 0;
for (let round = 0; round < Number(rounds); round++) {
  const [ssMs, listing] = timed(["ss", "-tanp"]);
  const [scanMs, found] = timed([process.execPath, main, "scan", "--json"]);
  const rows = listing.trim().split("\n").slice(1).map((line) => line.split(/\s+/));
  const selves = rows.filter(([state, , , local, remote]) => state === "ESTAB" && local === remote);
  const { selfConnections } = JSON.parse(found) as {
    selfConnections: { pid: number | null }[];
  };
  if (selves.length !== 1 || selfConnections.length !== 1 || selfConnections[0]!.pid !== holder.pid) {
    throw new Error(`Cannot measure: ss found ${selves.length} self-connections, scan ${selfConnections.length}`);
  }
  taken.ss.push(ssMs);
  taken.scan.push(scanMs);
  sockets = rows.length;
}
console.log(JSON.stringify({ ...taken, sockets }));
holder.stdin.end();
await once(holder, "close");
