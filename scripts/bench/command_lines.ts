import { join } from "node:path";
import { root } from "../run.ts";
import { packageFolder } from "./build.ts";
import { onRuntime, type Runtime } from "./child.ts";

/** A tool as it is typed. */
export interface CommandLine {
  readonly label: string;
  /** Waits for 127.0.0.1:port, and ends once somebody listens there. */
  readonly wait: (port: number) => string[];
  /**
   * When the tool reported, in milliseconds of the shared clock, read from its output; undefined: it reports by ending.
   */
  readonly reportedAt?: (stdout: string) => number;
}

const bin = (name: string): string => join(root, "scripts/bench/node_modules/.bin", name);

/** The command as npm installs it for Node, and `@realpeer/tcp/cli` for the others. */
export function realpeer(runtime: Runtime, args: readonly string[]): string[] {
  return onRuntime(runtime, join(packageFolder, runtime === "node" ? "script" : "esm", "src/cli/main.js"), args);
}

function ours(runtime: Runtime): CommandLine {
  return {
    label: `realpeer (${runtime})`,
    wait: (port) => realpeer(runtime, ["wait", "--quiet", "--timeout", "5m", `127.0.0.1:${port}`]),
  };
}

/** wait-for-it.sh's own loop, without its options. */
const SHELL_LOOP = `until (echo > "/dev/tcp/127.0.0.1/$0") 2>/dev/null; do sleep 1; done`;

export const commandLines: readonly CommandLine[] = [
  ours("node"),
  ours("deno"),
  ours("bun"),
  {
    label: "wait-on",
    wait: (port) => ["node", bin("wait-on"), `tcp:127.0.0.1:${port}`],
  },
  {
    label: "wait-port",
    wait: (
      port,
    ) => ["node", bin("wait-port"), `127.0.0.1:${port}`, "--output", "silent"],
  },
  {
    label: "wait-for-it loop (bash)",
    wait: (port) => ["bash", "-c", SHELL_LOOP, `${port}`],
  },
  {
    label: "start-server-and-test",
    // It starts the server itself, and then the command that was to wait: this one tells when.
    wait: (
      port,
    ) => [
      "node",
      bin("start-server-and-test"),
      "sleep 100",
      `tcp:127.0.0.1:${port}`,
      "date +now:%s.%N",
    ],
    reportedAt: (stdout) => Number(/^now:([\d.]+)$/m.exec(stdout)?.[1]) * 1000,
  },
];
