/**
 * Whether this process was started with SIGHUP ignored, as nohup(1) does it. Ask before a listener is added. Node resets
 * every signal as it starts (ResetSignalHandlers in node.cc), so there nothing tells.
 *
 * @param readText reads a file; what it throws means that nothing is known
 */
export function isHangUpIgnored(readText: (path: string) => string): boolean {
  try {
    const [, mask = ""] = /^SigIgn:\s*[\da-f]*([\da-f])$/m.exec(readText("/proc/self/status")) ?? [];
    // SIGHUP is the lowest bit.
    return (Number.parseInt(mask, 16) & 1) === 1;
  } catch {
    return false;
  }
}

/**
 * The command that starts a program with SIGHUP ignored: Bun resets the signals of what it starts, and Deno sets those
 * for which it has a handler. The shell is replaced by the program.
 */
export function ignoringHangUp(command: readonly string[]): readonly string[] {
  return ["/bin/sh", "-c", `trap "" HUP; exec "$0" "$@"`, ...command];
}
