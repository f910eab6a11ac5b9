import { closeSync, fstatSync, readFileSync, writeSync } from "node:fs";
import { isBun, isWindows } from "../../adapters/detect.ts";
import type { Leader, LeaderOptions } from "../../host/start_server.ts";
import { ignoringHangUp, isHangUpIgnored } from "./hang_up.ts";
import { cannotRun, type Child, type Output, outputOf, type System } from "./system.ts";

/** Whether this was a terminal that has been closed, or another device. */
function mayBeHungUp(fd: number): boolean {
  try {
    // Loaded here because Bun does not need it and loads it slowly.
    return fstatSync(fd).isCharacterDevice() && !process.getBuiltinModule("node:tty").isatty(fd);
  } catch {
    return false;
  }
}

/**
 * At its end Node restores the settings of the terminals that it was started with. Where one has been closed, that fails
 * with EIO and Node aborts with a core dump (node.cc, ResetStdio), but it leaves out descriptors that are closed. They
 * are closed last: a listener of `--require` or `--import` may still write to them, or open a file in their place.
 */
function exit(status: number): void {
  if (!isBun && !isWindows) process.once("exit", () => [0, 1, 2].filter(mayBeHungUp).forEach((fd) => closeSync(fd)));
  process.exit(status);
}

/** A stream object is created only for facts that a file descriptor does not give, because creating one is slow. */
function output(fd: 1 | 2, stream: () => NodeJS.WriteStream): Output {
  const writeSome = (bytes: Uint8Array): number => {
    if (!isWindows || !stream().isTTY) return writeSync(fd, bytes);
    // A console interprets bytes in its own code page; only the stream object passes text to it.
    stream().write(bytes);
    return bytes.length;
  };
  return outputOf(writeSome, () => stream().isTTY === true, () => stream().columns, fd === 2);
}

/** The arguments after the script's name. `node --eval` has no script, as parseArgs knows too. */
function ownArgs(): string[] {
  const isEval = process.execArgv.some((flag) => /^(-e|-p|-pe|--eval|--print)(=|$)/.test(flag));
  return process.argv.slice(isEval ? 1 : 2);
}

/** Bun.spawn reports every signal that ended a program, Bun's node:child_process only signals with names. */
function startOnBun(command: readonly string[]): Child {
  try {
    const child = Bun.spawn([...command], { stdio: ["inherit", "inherit", "inherit"] });
    return { kill: (signal) => child.kill(signal), ended: child.exited };
  } catch (error) {
    // A script without a first line "#!" is the shell's, as for execvp(3).
    const isScript = (error as { code?: unknown }).code === "ENOEXEC" && command[0] !== "/bin/sh";
    if (isScript) return startOnBun(["/bin/sh", ...command]);
    throw cannotRun(command[0] ?? "", error);
  }
}

function startLeaderOnBun(command: readonly string[], { stdio, env, detached }: LeaderOptions): Promise<Leader> {
  const { pid, exited, stdin } = Bun.spawn([...command], {
    stdio: [...stdio],
    env: { ...env },
    detached: detached === true,
  });
  // The pipe would be closed when its object was collected as garbage.
  return Promise.resolve({ pid, ended: exited, stdin });
}

async function startLeader(command: readonly string[], options: LeaderOptions): Promise<Leader> {
  if (isBun) return startLeaderOnBun(command, options);
  return (await import("./node_child.ts")).startLeaderOnNode(command, options);
}

const mustIgnoreHangUp: boolean = isBun && isHangUpIgnored((path) => readFileSync(path, "latin1"));

/** The `System` of Node and Bun. */
export const system: System = {
  args: ownArgs(),
  stdout: output(1, () => process.stdout),
  stderr: output(2, () => process.stderr),
  isInteractive: () => process.stdin.isTTY === true,
  env: (name) => process.env[name],
  missingEnv: () => ({}),
  onSignal(name, listener) {
    if (name === "SIGHUP" && mustIgnoreHangUp) return () => {};
    try {
      process.on(name, listener);
    } catch {
      // Windows has only some of them.
    }
    return () => process.off(name, listener);
  },
  async start(command) {
    if (isWindows) return (await import("./windows_child.ts")).startOnWindows(command);
    if (isBun) return startOnBun(mustIgnoreHangUp ? ignoringHangUp(command) : command);
    return (await import("./node_child.ts")).startOnNode(command);
  },
  // Windows has no signals.
  ...(isWindows ? {} : { startLeader }),
  exit,
};
