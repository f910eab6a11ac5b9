import { isDeno } from "../../adapters/detect.ts";
import { assertBindable, PortTakenError } from "../../host/bindable.ts";
import { PROC } from "../../host/inspect.ts";
import { type Server, startServer } from "../../host/start_server.ts";
import { Status } from "../errors.ts";
import type { Interrupts } from "../interrupts.ts";
import {
  describeUnreached,
  findServer,
  judgeListener,
  type Occupant,
  type ServedBy,
  UNKNOWN_SERVER,
  type Verdict,
  whoListensFor,
} from "../listening.ts";
import { printable, tryWriteJson } from "../output.ts";
import { runCommand } from "../run_command.ts";
import type { System } from "../runtime/system.ts";
import { ServerLife } from "../server_life.ts";
import { readStartRequest, type StartRequest } from "../start_request.ts";
import type { TargetWait } from "../wait_target.ts";
import { announcement, Waiting } from "../waiting.ts";
import { type ProcessWatch, watchWhilePid } from "../while_pid.ts";

/** Exit statuses that do not come from a failed bind: success, and those of shells that cannot run a program. */
const NOT_THE_PORT: ReadonlySet<number> = new Set([0, 126, 127]);

/** `realpeer start`: starts a server, waits for it, runs a command, stops the server with its descendants. */
export async function start(args: readonly string[], system: System, interrupts: Interrupts): Promise<number> {
  return await new Start(readStartRequest(args, system), system, interrupts).run();
}

class Start {
  readonly #request: StartRequest;
  readonly #system: System;
  readonly #interrupts: Interrupts;
  readonly #waiting: Waiting;
  /** The verdict on each target's listener, once it was judged. */
  readonly #verdicts = new Map<TargetWait, Verdict>();
  #watch: ProcessWatch | undefined;
  #isReported = false;

  constructor(request: StartRequest, system: System, interrupts: Interrupts) {
    this.#request = request;
    this.#system = system;
    this.#interrupts = interrupts;
    this.#waiting = new Waiting(request);
  }

  #say(text: string): void {
    if (!this.#request.quiet) this.#system.stderr.write(`realpeer: ${printable(text)}\n`);
  }

  async run(): Promise<number> {
    try {
      this.#watch = await watchWhilePid(this.#request.whilePid);
      return await this.#start();
    } catch (error) {
      this.#waiting.abandon(error);
      if (this.#request.json && !this.#isReported) this.#report();
      throw error;
    } finally {
      this.#watch?.end();
    }
  }

  async #start(): Promise<number> {
    const { targets, any, reuse, server, log, json } = this.#request;
    const occupants = await Promise.all(targets.map(whoListensFor));
    this.#interrupts.signal.throwIfAborted();
    const isTaken = occupants.some((occupant) => occupant !== null);
    const isEnough = any ? isTaken : !occupants.includes(null);
    if (reuse && isEnough) return await this.#runWithout();
    if (isTaken) return this.#refuse(occupants);
    const { startLeader } = this.#system;
    const env = this.#system.missingEnv();
    const started = await startServer(server, { log, isOutputTaken: json, env, startLeader });
    try {
      return await this.#runWith(started);
    } finally {
      await this.#stop(started);
    }
  }

  /** Tells which server already listens, for each target. */
  #refuse(occupants: readonly (Occupant | null)[]): number {
    const { json, reuse } = this.#request;
    const taken: string[] = [];
    for (const [i, wait] of this.#waiting.waits.entries()) {
      const { name, served } = occupants[i] ?? { served: UNKNOWN_SERVER };
      wait.refuse(name === undefined ? "the server was not started" : `${name} already listens`);
      this.#verdicts.set(wait, { served });
      if (name !== undefined) taken.push(`${wait.title} (${name})`);
    }
    if (json) this.#report();
    const hint = reuse ? "not on every target: stop it" : "stop it, or accept it with --reuse";
    this.#say(`Cannot start the server, another server already listens: ${taken.join(", ")}, ${hint}`);
    return Status.NOT_MET;
  }

  /** Uses a server that already runs, which is neither started nor stopped. */
  async #runWithout(): Promise<number> {
    await this.#waiting.run(this.#interrupts.signal, this.#watch?.gone);
    this.#judgeBy((port, address) => ({ served: findServer(port, address) }));
    this.#report();
    if (!this.#waiting.isReady) return this.#tellFailure();
    const { command } = this.#request;
    return command === undefined ? Status.MET : await runCommand(command, this.#system, this.#interrupts.signal);
  }

  async #runWith(server: Server): Promise<number> {
    const { signal } = this.#interrupts;
    const { log, quiet, command } = this.#request;
    if (process.platform === "linux" && !server.tree.isVisible) {
      const why = isDeno ? "Deno shows no processes without --allow-all" : `${PROC} shows no processes`;
      this.#say(`${why}: only the server's process group will be stopped`);
    }
    const life = new ServerLife(server);
    // Without a log file the server's output would mix with the progress on the terminal.
    const progress = quiet || log === undefined ? undefined : this.#waiting.showProgress(this.#system);
    try {
      await this.#waiting.run(signal, life.over, this.#watch?.gone);
    } finally {
      progress?.clear();
      life.endWatch();
    }
    // Two commands may both find a port free, so an answer counts only while the own server runs.
    const isOver = life.over.aborted || life.isOver();
    if (isOver) this.#waiting.refuse(`the server ended with status ${life.status}`);
    else if (this.#waiting.isReady) this.#judgeBy((port, address) => judgeListener(port, address, server.tree));
    this.#report();
    if (isOver) {
      this.#say(await this.#describeEnd(life));
      return Status.NOT_MET;
    }
    if (!this.#areOurs()) return Status.NOT_MET;
    if (!this.#waiting.isReady) return this.#tellFailure(await this.#hintForUnreached(server));
    return command === undefined ? await this.#untilInterrupted(life) : await this.#runBeside(life, command);
  }

  /** Judges which process listens for each ready target: one that a foreign process serves is not ready. */
  #judgeBy(judge: (port: number, address: string) => Verdict): void {
    for (const wait of this.#waiting.waits) {
      const { target, report: { remote } } = wait;
      if (!wait.isReady || target.kind === "unix" || remote === null) continue;
      const verdict = judge(target.port, remote.hostname);
      this.#verdicts.set(wait, verdict);
      if (verdict.foreign !== undefined) wait.refuse(verdict.foreign);
    }
  }

  /** Whether no foreign process keeps the wait from being met; prints a warning about doubtful ones. */
  #areOurs(): boolean {
    for (const [{ title }, { foreign, warning }] of this.#verdicts) {
      if (foreign !== undefined && !this.#waiting.isReady) {
        this.#say(`${title} is not the server that was started: ${foreign}`);
        return false;
      }
      if (warning !== undefined) this.#say(`Warning: at ${title} ${warning}`);
    }
    return true;
  }

  /** Prints the result of the wait: the document of `--json`, or a line for each ready target. */
  #report(): void {
    this.#isReported = true;
    const servedBy = (wait: TargetWait): ServedBy => this.#verdicts.get(wait)?.served ?? UNKNOWN_SERVER;
    if (this.#request.json) return tryWriteJson(this.#system, this.#waiting.report(servedBy));
    for (const wait of this.#waiting.waits) {
      const { pid } = servedBy(wait);
      if (wait.isReady) this.#say(`${announcement(wait)}${pid === null ? "" : `, process ${pid} listens`}`);
    }
  }

  /** A hint for a server that listens, but not where a target leads; an empty text for none. */
  async #hintForUnreached({ tree }: Server): Promise<string> {
    for (const wait of this.#waiting.waits) {
      const hint = wait.isRefused ? await describeUnreached(wait, this.#request.targets, tree) : null;
      if (hint !== null) return `; ${hint}`;
    }
    return "";
  }

  #tellFailure(hint = ""): number {
    this.#say(this.#waiting.explain(this.#watch?.gone.reason) + hint);
    return this.#waiting.hasFailed ? Status.UNEXPECTED : Status.NOT_MET;
  }

  /** Describes why the server ended, as far as its ports show it. */
  async #describeEnd(life: ServerLife): Promise<string> {
    const end = `The server ended with status ${life.status} before it was ready`;
    if (NOT_THE_PORT.has(life.status)) return end;
    for (const target of this.#request.targets) {
      if (target.kind === "unix") continue;
      const hostname = target.kind === "tcp" && target.isPortOnly ? undefined : target.hostname;
      // Nearly every server sets SO_REUSEADDR.
      const bound = assertBindable(target.port, hostname, { setsReuse: true });
      const reason: unknown = await bound.catch((error: unknown) => error);
      if (reason instanceof PortTakenError) return `${end}; on port ${target.port}, ${reason.message}`;
    }
    return end;
  }

  /** Without a command: runs until an interrupt, or until the server ends by itself. */
  async #untilInterrupted(life: ServerLife): Promise<number> {
    const { signal } = this.#interrupts;
    await new Promise<void>((resolve) => {
      const end = life.watch(resolve);
      signal.addEventListener("abort", () => {
        end();
        resolve();
      });
      if (signal.aborted) resolve();
    });
    signal.throwIfAborted();
    this.#say(`The server ended with status ${life.status}`);
    return life.status;
  }

  async #runBeside(life: ServerLife, command: readonly string[]): Promise<number> {
    let isTold = false;
    const tell = (): void => {
      if (!isTold) this.#say(`Warning: the server ended with status ${life.status} while ${command[0]} ran`);
      isTold = true;
    };
    const end = life.watch(tell);
    try {
      const status = await runCommand(command, this.#system, this.#interrupts.signal);
      if (life.isOver()) tell();
      return status;
    } finally {
      end();
    }
  }

  async #stop({ tree }: Server): Promise<void> {
    const { stopSignal: signal, stopTimeout: timeout } = this.#request;
    const hurry = this.#interrupts.beginStop();
    const left = await tree.stop({ signal, timeout, hurry });
    if (left.length === 0) return;
    const names = left.map(({ pid, name }) => `${name} (pid ${pid})`).join(", ");
    this.#say(`Cannot stop ${names}: the process belongs to another user or does not react to SIGKILL`);
  }
}
