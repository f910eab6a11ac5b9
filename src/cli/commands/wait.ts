import { splitCommand } from "../arguments.ts";
import { Status, UsageError } from "../errors.ts";
import type { Interrupts } from "../interrupts.ts";
import { printable, tryWriteJson, writeJsonBefore } from "../output.ts";
import { runCommand } from "../run_command.ts";
import type { System } from "../runtime/system.ts";
import { parseWaitArguments, readWaitRequest, WAIT_OPTIONS } from "../wait_request.ts";
import type { TargetWait } from "../wait_target.ts";
import { announcement, Waiting } from "../waiting.ts";
import { type ProcessWatch, watchWhilePid } from "../while_pid.ts";

const OPTIONS = { ...WAIT_OPTIONS, free: { type: "boolean" } } as const;

/** Mentions a shield on the port: it blocks only a server without SO_REUSEADDR. */
async function announceFree(wait: TargetWait): Promise<string> {
  const { target } = wait;
  const { describeShields } = await import("../../host/bindable.ts");
  const shields = target.kind === "unix" ? null : describeShields(target.port);
  const limit = "a server without SO_REUSEADDR has to bind one address";
  return announcement(wait, true) + (shields === null ? "" : `: ${printable(shields)}, ${limit}`);
}

/** `realpeer wait`: waits until real peers accept on the targets, or the ports are free, then runs a command. */
export async function wait(args: readonly string[], system: System, interrupts: Interrupts): Promise<number> {
  const { ours, command } = splitCommand(args);
  const { values, positionals } = parseWaitArguments("wait", ours, OPTIONS);
  const request = readWaitRequest(values, positionals, { command }, system);
  const { free, json, quiet, whilePid, targets } = request;
  const socket = targets.find(({ kind }) => kind === "unix");
  if (free && socket) {
    throw new UsageError(`Cannot use --free with ${socket.text}: a server can always replace the socket file`);
  }
  const waiting = new Waiting(request);
  const progress = quiet ? undefined : waiting.showProgress(system);
  let watch: ProcessWatch | undefined;
  try {
    watch = await watchWhilePid(whilePid);
    await waiting.run(interrupts.signal, watch?.gone);
  } catch (error) {
    waiting.abandon(error);
    if (json) tryWriteJson(system, waiting.report());
    throw error;
  } finally {
    progress?.clear();
    watch?.end();
  }
  if (json && waiting.isReady) writeJsonBefore(command, system, waiting.report());
  if (!waiting.isReady) {
    if (!quiet) system.stderr.write(`realpeer: ${printable(waiting.explain(watch?.gone.reason))}\n`);
    if (json) tryWriteJson(system, waiting.report());
    return waiting.hasFailed ? Status.UNEXPECTED : Status.NOT_MET;
  }
  if (!quiet && !json) {
    for (const each of waiting.waits) {
      if (each.isReady) system.stderr.write(`${free ? await announceFree(each) : announcement(each)}\n`);
    }
  }
  return command === undefined ? Status.MET : await runCommand(command, system, interrupts.signal);
}
