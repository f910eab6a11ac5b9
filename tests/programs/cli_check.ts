/** What `realpeer check` says of a port, held against what the kernel of this namespace then does. Prints JSON. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dialDeadPort } from "../../src/cli/demo_loop.ts";
import { commandFor, run } from "../fixtures/runtime.ts";

const RESERVED_PORTS = "/proc/sys/net/ipv4/ip_local_reserved_ports";
const [question, ...ports] = process.argv.slice(2) as [string, ...string[]];

/** Connects to the dead port until one is connected to itself; the number of attempts, and whether that came about. */
async function dial(port: number, maxAttempts: number): Promise<{ attempts: number; selfConnected: boolean }> {
  const state = { attempts: 0, rejected: 0 };
  const target = { hostname: "127.0.0.1", port };
  const connection = await dialDeadPort(target, false, maxAttempts, state, new AbortController().signal);
  connection?.release();
  return { attempts: state.attempts, selfConnected: connection !== null };
}

async function check(): Promise<{ expectedAttempts: number; fix: string }> {
  const { stdout } = await run(commandFor("src/cli/main.ts", ["check", "--json", ...ports]));
  return JSON.parse(stdout)[0];
}

if (question === "odds") {
  const { expectedAttempts } = await check();
  const runs: number[] = [];
  for (let i = 0; i < 30; i++) runs.push((await dial(Number(ports[0]), 1e6)).attempts);
  console.log(JSON.stringify({ expectedAttempts, runs }));
} else {
  writeFileSync(RESERVED_PORTS, "40100,40102-40104");
  // As it is pasted. In a user namespace the user is root, but may not have root's folders in PATH: Debian has sysctl there.
  const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  execFileSync("sh", ["-c", (await check()).fix], { env, stdio: ["ignore", "ignore", "inherit"] });
  const reserved = readFileSync(RESERVED_PORTS, "utf8").trim();
  console.log(JSON.stringify({ reserved, afterwards: await dial(Number(ports[0]), 60_000) }));
}
