import { Status, UsageError } from "../errors.ts";
import type { Interrupts } from "../interrupts.ts";
import { printable, tryWriteJson } from "../output.ts";
import { runCommand } from "../run_command.ts";
import type { System } from "../runtime/system.ts";
import { parseWaitArguments, readWaitRequest, splitCommand, WAIT_OPTIONS } from "../wait_request.ts";
import type { TargetWait } from "../wait_target.ts";
import { announcement, poll, Waiting } from "../waiting.ts";

/** How long the process of `--while-pid` may be gone before that is noticed. */
const PROCESS_POLL_MS = 100;

const OPTIONS = { ...WAIT_OPTIONS, free: { type: "boolean" }, "while-pid": { type: "string" } } as const;

function parsePid(text: string): number {
  const pid = Number(text);
  // kill(2) takes other numbers for groups of processes.
  if (!/^\d+$/.test(text) || pid < 1) throw new UsageError(`Cannot read --while-pid ${text}: expected a process id`);
  return pid;
}

/** Aborts once the process is gone, at once if it is already. `end` ends the watch. */
async function watchProcess(pid: number): Promise<{ readonly signal: AbortSignal; readonly end: () => void }> {
  const isRunning = (await import("../../host/process_watch.ts")).watchProcess(pid);
  const gone = new AbortController();
  const end = poll(PROCESS_POLL_MS, () => {
    if (!isRunning()) gone.abort();
    return gone.signal.aborted;
  });
  return { signal: gone.signal, end };
}

/** A shield is in the way of no server that sets SO_REUSEADDR, but worth a word. */
async function announceFree(wait: TargetWait): Promise<string> {
  const { target } = wait;
  const { describeShields } = await import("../../host/bindable.ts");
  const shields = target.kind === "unix" ? null : describeShields(target.port);
  const limit = "a server without SO_REUSEADDR has to bind one address";
  return announcement(wait, true) + (shields === null ? "" : `: ${printable(shields)}, ${limit}`);
}

/** `realpeer wait`: until a real peer accepts on the targets, or the ports are free; then a command. */
export async function wait(args: readonly string[], system: System, interrupts: Interrupts): Promise<number> {
  const { ours, command } = splitCommand(args);
  const { values, positionals } = parseWaitArguments("wait", ours, OPTIONS);
  const pid = values["while-pid"] === undefined ? undefined : parsePid(values["while-pid"]);
  const { free = false } = values;
  const request = { ...readWaitRequest(values, positionals, command, system), free };
  const { json, quiet } = request;
  const waiting = new Waiting(request);
  const watch = pid === undefined ? undefined : await watchProcess(pid);
  const progress = quiet ? undefined : waiting.showProgress(system);
  try {
    await waiting.run(interrupts.signal, watch?.signal);
  } finally {
    progress?.clear();
    watch?.end();
  }
  if (json) tryWriteJson(system, waiting.report());
  if (!waiting.isReady) {
    const reason = watch?.signal.aborted ? `Process ${pid} is gone` : undefined;
    if (!quiet) system.stderr.write(`realpeer: ${printable(waiting.explain(reason))}\n`);
    return waiting.hasFailed ? Status.UNEXPECTED : Status.NOT_MET;
  }
  if (!quiet && !json) {
    for (const each of waiting.waits) {
      if (each.isReady) system.stderr.write(`${free ? await announceFree(each) : announcement(each)}\n`);
    }
  }
  return command === undefined ? Status.MET : await runCommand(command, system);
}
