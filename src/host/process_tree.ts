import { sleep } from "../core/sleep.ts";
import { type ProcessSystem, processSystem } from "./process_system.ts";
import { keyOf, type ProcessRow } from "./process_table.ts";
import { isMarkedBy } from "./tree_mark.ts";

/** How a tree is stopped. */
export interface StopOptions {
  /** The first signal that is sent to its processes. @defaultValue `"SIGTERM"` */
  readonly signal?: NodeJS.Signals | undefined;
  /** Milliseconds from that signal to SIGKILL. @defaultValue `5000` */
  readonly timeout?: number | undefined;
  /** Kills at once when aborted, even during `timeout`. */
  readonly hurry?: AbortSignal | undefined;
}

/** What identifies a tree. */
export interface TreeRoot {
  /** The first process, the leader of its own process group and session. */
  readonly pid: number;
  /** The mark that all its descendants inherit; null where there is none. */
  readonly mark: number | null;
  readonly system?: ProcessSystem | undefined;
}

/** What a search for the processes of a tree has found. */
interface Search {
  readonly found: readonly ProcessRow[];
  /** Whether a process of the tree has ended since the last search: it may have started another one in time. */
  readonly hasEnded: boolean;
  /** Whether none has, and every process was read: some may end too fast to be read. */
  readonly isComplete: boolean;
}

const STOP_TIMEOUT_MS = 5000;
/** How long SIGKILL is sent to the same processes. It will not end the ones that are left after that. */
const KILL_MS = 2000;
/** The same where new ones appear all the time: they may belong to another user. */
const MAX_KILL_MS = 15_000;
/** How many complete searches in a row must find nothing before a killed tree counts as gone. */
const EMPTY_LOOKS = 3;
/** How many times the process list is read again while some processes end too fast to be read. */
const MAX_LOOKS = 50;
/** The pauses between two searches for running processes: the first, and the longest. */
const MIN_PAUSE_MS = 5;
const MAX_PAUSE_MS = 50;

/**
 * Adds every process whose parent is in the tree. `rows` are all processes. A parent is never younger than its child: a
 * younger one has got the id of the real parent.
 */
function withDescendants(members: Map<number, ProcessRow>, rows: readonly ProcessRow[]): void {
  for (let size = -1; size !== members.size;) {
    size = members.size;
    for (const row of rows) {
      const parent = members.get(row.parent);
      if (parent !== undefined && parent.startTime <= row.startTime) members.set(row.pid, row);
    }
  }
}

/**
 * A program with all its descendants. They are recognised by the session and process group of the first process, by the
 * chain of parents, and on Linux by a mark, which stays even on daemons that have left their group, session, parent and
 * environment.
 */
export class ProcessTree {
  readonly pid: number;
  readonly mark: number | null;
  readonly #system: ProcessSystem;
  /** The start time of the first process: no process of the tree is older. */
  readonly #since: number;
  /** The keys of all processes found in the tree so far: some may no longer be recognisable. */
  readonly #known = new Set<string>();
  /** The keys of all zombies that a search has met. */
  readonly #ended = new Set<string>();
  /** Whether the session still belongs to the tree: once it is empty, its number can be reused. */
  #hasSession = true;

  constructor({ pid, mark, system = processSystem() }: TreeRoot) {
    this.pid = pid;
    this.mark = mark;
    this.#system = system;
    this.#since = system.read(pid)?.startTime ?? system.read(process.pid)?.startTime ?? 0;
    this.#known.add(`${pid} ${this.#since}`);
  }

  /** Whether single processes are visible, not only the group: Deno reads /proc/PID only with `--allow-all`. */
  get isVisible(): boolean {
    return this.#system.list() !== null;
  }

  /** Undefined when the process ended before it was read. */
  #isMember(row: ProcessRow): boolean | undefined {
    if (row.startTime < this.#since || row.pid === process.pid) return false;
    if (this.#known.has(keyOf(row))) return true;
    if (this.#hasSession && (row.session === this.pid || row.group === this.pid)) return true;
    if (this.mark === null) return false;
    const mark = this.#system.readMark(row.pid);
    return mark === undefined ? undefined : isMarkedBy(this.mark, mark);
  }

  /** Whether this zombie is new, and belongs to the tree as far as can be told. */
  #hasJustEnded(row: ProcessRow): boolean {
    const size = this.#ended.size;
    return this.#ended.add(keyOf(row)).size > size && this.#isMember(row) !== false;
  }

  /** Where no process is visible: one row for the whole group, as long as it accepts a signal. */
  #readGroup(): ProcessRow[] {
    for (const target of [-this.pid, this.pid]) {
      try {
        process.kill(target, 0);
        const [parent, session, startTime] = [0, 0, this.#since];
        return [{ pid: this.pid, parent, group: this.pid, session, isGone: false, startTime, name: "process group" }];
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EPERM") return [];
      }
    }
    return [];
  }

  /** All running processes of the tree, without zombies. */
  members(): readonly ProcessRow[] {
    return this.#search(() => {}).found;
  }

  /** The same. Calls back for each as soon as it is found: one that keeps forking and exiting is gone a moment later. */
  #search(onFound: (row: ProcessRow) => void): Search {
    let hasEnded = false;
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const members = new Map<number, ProcessRow>();
      let hasVanished = false;
      let hasJustEnded = false;
      const all = this.#system.list((row) => {
        if (row.isGone) {
          if (this.#hasJustEnded(row)) hasJustEnded = true;
          return;
        }
        const isMember = this.#isMember(row);
        hasVanished ||= isMember === undefined;
        if (!isMember) return;
        members.set(row.pid, row);
        onFound(row);
      });
      if (all === null) return { found: this.#readGroup(), hasEnded: false, isComplete: true };
      hasEnded ||= hasJustEnded;
      withDescendants(members, all.rows.filter(({ isGone }) => !isGone));
      const found = [...members.values()];
      for (const row of found) this.#known.add(keyOf(row));
      if (found.every(({ session, group }) => session !== this.pid && group !== this.pid)) this.#hasSession = false;
      // One search can miss a process that keeps forking and exiting.
      const isComplete = !hasJustEnded && !hasVanished && !all.hasVanished;
      if (found.length > 0 || isComplete) return { found, hasEnded, isComplete };
    }
    return { found: [], hasEnded, isComplete: false };
  }

  /** Whether this process started before the tree. */
  isOlder(row: ProcessRow): boolean {
    return this.#since > row.startTime;
  }

  /** Whether this process belongs to the tree. */
  has(row: ProcessRow): boolean {
    return this.#isMember(row) === true || this.members().some(({ pid }) => pid === row.pid);
  }

  /** Sends a signal to processes of the tree, and to a whole group at once if the group has no other members. */
  #send(targets: readonly ProcessRow[], name: NodeJS.Signals): void {
    const ours = new Set(targets.map(keyOf));
    const rows = this.#system.list()?.rows ?? targets;
    const others = new Set(rows.filter((row) => !ours.has(keyOf(row))).map(({ group }) => group));
    const groups = new Set(targets.map(({ group }) => group).filter((group) => group > 1 && !others.has(group)));
    // A signal to a group is atomic: a process that keeps forking and exiting cannot escape it. Windows has no groups.
    for (const group of groups) if (this.#system.signal(-group, name) !== "sent") groups.delete(group);
    for (const row of targets) {
      // The process may have left its group since it was read.
      const group = groups.has(row.group) ? this.#system.read(row.pid)?.group ?? row.group : undefined;
      if (group !== row.group) this.#system.signal(row.pid, name);
    }
  }

  /** The given processes that still run. Only when all have ended is the whole tree searched, for new processes. */
  #stillThere(rows: readonly ProcessRow[]): readonly ProcessRow[] {
    if (this.#system.list() === null) return this.members();
    const left = rows.filter((row) => {
      const now = this.#system.read(row.pid);
      return now !== null && !now.isGone && now.startTime === row.startTime;
    });
    return left.length > 0 ? left : this.members();
  }

  /**
   * Ends every process of the tree: sends the signal, and SIGCONT for stopped processes. After the time-out, or at once
   * after `hurry`, it kills, and searches again for processes started meanwhile.
   *
   * Resolves with the processes that could not be ended: those of another user.
   */
  async stop(options: StopOptions = {}): Promise<readonly ProcessRow[]> {
    const { signal = "SIGTERM", timeout = STOP_TIMEOUT_MS, hurry } = options;
    let left = this.members();
    if (this.#system.canAsk && timeout > 0) left = await this.#ask(left, signal, timeout, hurry);
    if (left.length > 0) return await this.#kill(left);
    const { found, isComplete } = this.#search(() => {});
    return isComplete && found.length === 0 ? [] : await this.#kill(found);
  }

  /** Kills, and searches for processes started meanwhile, until none is left or nothing changes any more. */
  async #kill(members: readonly ProcessRow[]): Promise<readonly ProcessRow[]> {
    const killed = new Set<string>();
    let left = members;
    let emptyLooks = 0;
    let hasEnded = false;
    let isComplete = true;
    let lastNews = performance.now();
    const deadline = lastNews + MAX_KILL_MS;
    while (emptyLooks < EMPTY_LOOKS && performance.now() < Math.min(lastNews + KILL_MS, deadline)) {
      const hasNews = left.some((row) => !killed.has(keyOf(row)));
      if (hasNews || hasEnded) lastNews = performance.now();
      for (const row of left) killed.add(keyOf(row));
      this.#send(left, "SIGKILL");
      // Only searches without a pause find a process that keeps forking and exiting.
      if (!hasNews && isComplete) await sleep(MIN_PAUSE_MS);
      ({ found: left, hasEnded, isComplete } = this.#search(({ pid }) => void this.#system.signal(pid, "SIGKILL")));
      // As long as some process comes and goes too fast to be read, it may be one of the tree.
      if (left.length > 0) emptyLooks = 0;
      else if (isComplete) emptyLooks++;
    }
    return left;
  }

  async #ask(
    members: readonly ProcessRow[],
    signal: NodeJS.Signals,
    timeout: number,
    hurry: AbortSignal | undefined,
  ): Promise<readonly ProcessRow[]> {
    const deadline = performance.now() + timeout;
    const asked = new Set<string>();
    let left = members;
    let ms = MIN_PAUSE_MS;
    while (left.length > 0 && !hurry?.aborted) {
      // A process started later may be the server's own cleanup: it gets the signal once the others have ended.
      if (!left.some((row) => asked.has(keyOf(row)))) {
        this.#send(left, signal);
        this.#send(left, "SIGCONT");
        for (const row of left) asked.add(keyOf(row));
      }
      const remaining = deadline - performance.now();
      if (remaining <= 0) break;
      await sleep(Math.min(ms, remaining), hurry).catch(() => {});
      ms = Math.min(MAX_PAUSE_MS, ms * 1.5);
      left = this.#stillThere(left);
    }
    return left;
  }
}
