import { join } from "node:path";
import { root } from "../run.ts";
import { packageFolder } from "./build.ts";
import { onRuntime, type Runtime, RUNTIMES } from "./child.ts";

/** A tool that waits for 127.0.0.1:port. How to add one: scripts/bench/README.md. */
export interface Tool {
  readonly label: string;
  /** As it is typed; it ends once there is a server. Undefined: the tool has no command. */
  readonly command?: (port: number) => string[];
  /** When the command reported, in milliseconds of the shared clock, read from its output; undefined: it reports by ending. */
  readonly reportedAt?: (stdout: string) => number;
  /** Whether subjects/waiters.ts has it, called from a program. */
  readonly isCallable?: boolean;
  /** Whether its installed size is compared: it is a package of npm. */
  readonly isPackage?: boolean;
}

export interface CommandTool extends Tool {
  readonly command: (port: number) => string[];
}

const bin = (name: string): string => join(root, "scripts/bench/node_modules/.bin", name);

/** wait-for-it.sh's own loop, without its options. */
const SHELL_LOOP = `until (echo > "/dev/tcp/127.0.0.1/$0") 2>/dev/null; do sleep 1; done`;

export const peers: readonly Tool[] = [
  {
    label: "wait-on",
    command: (port) => ["node", bin("wait-on"), `tcp:127.0.0.1:${port}`],
    isCallable: true,
    isPackage: true,
  },
  { label: "tcp-port-used", isCallable: true, isPackage: true },
  {
    label: "wait-port",
    command: (port) => ["node", bin("wait-port"), `127.0.0.1:${port}`, "--output", "silent"],
    isCallable: true,
    isPackage: true,
  },
  { label: "detect-port", isCallable: true, isPackage: true },
  { label: "wait-for-it loop (bash)", command: (port) => ["bash", "-c", SHELL_LOOP, `${port}`] },
  {
    label: "start-server-and-test",
    // It starts the server itself, and then the command that was to wait: this one tells when.
    command: (port) => [
      ...["node", bin("start-server-and-test"), "sleep 100", `tcp:127.0.0.1:${port}`, "date +now:%s.%N"],
    ],
    reportedAt: (stdout) => Number(/^now:([\d.]+)$/m.exec(stdout)?.[1]) * 1000,
    isPackage: true,
  },
];

/** The command as npm installs it. */
export function realpeer(runtime: Runtime, args: readonly string[]): string[] {
  return onRuntime(runtime, join(packageFolder, "script/src/cli/main.js"), args);
}

const ours: readonly CommandTool[] = RUNTIMES.map((runtime) => ({
  label: `realpeer (${runtime})`,
  command: (port) => realpeer(runtime, ["wait", "--quiet", "--timeout", "5m", `127.0.0.1:${port}`]),
}));

export const commandTools: readonly CommandTool[] = [
  ...ours,
  ...peers.filter((tool): tool is CommandTool => tool.command !== undefined),
];

/** The names of the peers that a program can call. */
export const callablePeers: readonly string[] = peers.filter(({ isCallable }) => isCallable).map(({ label }) => label);
