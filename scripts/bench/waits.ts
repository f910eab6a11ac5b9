import { Conversation, type Runtime, subject } from "./child.ts";
import type { CommandTool } from "./peers.ts";
import { shuffled, type Spread, spread } from "./numbers.ts";
import type { Answer as Listened, Question as Listen } from "./subjects/late_server.ts";
import type { Answer as Launched, Question as Launch } from "./subjects/launch.ts";
import type { Answer as Waited } from "./subjects/waiter.ts";

/** One wait for a server that came late. */
export interface Wait {
  /** Milliseconds from the listen to the report. */
  readonly latency: number;
  /** Milliseconds that were waited in all. */
  readonly waited: number;
  /** Microseconds of CPU time. */
  readonly cpu: number;
}

/** When a tool reported, and how much CPU time it took. */
interface Report {
  /** Milliseconds of the shared clock. */
  readonly reported: number;
  readonly cpu: number;
}

/** Servers that come late. */
export class LateServers {
  readonly #server = new Conversation<Listen, Listened>(subject("node", "late_server"));

  /**
   * Starts a tool that waits for a port on which a server listens after `delay` milliseconds. A tool that reports before
   * that has not done the same work as the others.
   */
  async await(label: string, startWaiting: (port: number) => Promise<Report>, delay: number): Promise<Wait> {
    const { port } = await this.#server.ask({ port: 0 });
    const started = performance.timeOrigin + performance.now();
    const waited = startWaiting(port);
    await new Promise((resolve) => setTimeout(resolve, delay));
    const { listened } = await this.#server.ask({ port });
    const { reported, cpu } = await waited;
    await this.#server.ask({ port, isEnd: true });
    const latency = reported - listened;
    if (latency < -1) throw new Error(`Cannot compare: ${label} reported ${-latency} ms before there was a server`);
    return { latency, waited: reported - started, cpu };
  }

  end(): Promise<void> {
    return this.#server.end();
  }
}

/** A delay of each suite of the span from `from` to `to`, in milliseconds. */
export function delays(count: number, from: number, to: number): number[] {
  return Array.from({ length: count }, (_, index) => from + (to - from) * (index + 0.5) / count);
}

/** How many tools wait at once: few enough that one does not notice the other. */
const AT_ONCE = 3;

/**
 * Lets each tool wait for a server once for each delay, in random order in every round, and returns the results by label.
 */
export async function waitInTurns(
  waiters: Readonly<
    Record<string, (servers: LateServers, delay: number) => Promise<Wait>>
  >,
  delays: readonly number[],
): Promise<Record<string, Wait[]>> {
  const servers = new LateServers();
  const labels = Object.keys(waiters);
  const results = Object.fromEntries(labels.map((label): [string, Wait[]] => [label, []]));
  const queue = shuffled(delays).flatMap((delay) => shuffled(labels).map((label) => ({ label, delay })));
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next.label]!.push(await waiters[next.label]!(servers, next.delay));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await servers.end();
  return results;
}

/**
 * A tool called from a program. Each wait is the first of a fresh process that has loaded the tool, as it is in real
 * life: programs do not wait so often that compiled code pays.
 */
export function callOf(runtime: Runtime, tool: string) {
  return async (servers: LateServers, delay: number): Promise<Wait> => {
    const process = new Conversation<{ port: number }, Waited>(subject(runtime, "waiter", [tool]));
    await process.ready;
    const wait = await servers.await(tool, (port) => process.ask({ port }), delay);
    await process.end();
    return wait;
  };
}

/** A tool run as a command; its CPU time includes its start. */
export function commandOf({ label, command, reportedAt }: CommandTool) {
  return async (servers: LateServers, delay: number): Promise<Wait> => {
    const launch = new Conversation<Launch, Launched>(subject("bun", "launch"));
    await launch.ready;
    const found = await servers.await(label, async (port) => {
      const { code, stdout, ended, cpu } = await launch.ask({ command: command(port) });
      if (code !== 0) throw new Error(`Cannot compare: ${command(port).join(" ")} exited with ${code}`);
      return { reported: reportedAt?.(stdout) ?? ended, cpu };
    }, delay);
    await launch.end();
    return found;
  };
}

/** What one tool did in all its waits. */
export interface Summary extends Spread {
  readonly label: string;
  /** Milliseconds of CPU time in one wait, on average. */
  readonly cpu: number;
  /** The same for each second waited. */
  readonly cpuPerSecond: number;
  readonly latencies: readonly number[];
}

function summaryOf(label: string, waits: readonly Wait[]): Summary {
  const latencies = waits.map(({ latency }) => Math.round(latency * 100) / 100);
  const cpu = waits.reduce((sum, wait) => sum + wait.cpu, 0) / 1000;
  const seconds = waits.reduce((sum, wait) => sum + wait.waited, 0) / 1000;
  return { label, ...spread(latencies), cpu: cpu / waits.length, cpuPerSecond: cpu / seconds, latencies };
}

/** `waitInTurns`, summed up. */
export async function summaries(
  waiters: Readonly<
    Record<string, (servers: LateServers, delay: number) => Promise<Wait>>
  >,
  waits: readonly number[],
): Promise<Summary[]> {
  return Object.entries(await waitInTurns(waiters, waits)).map(([label, waits]) => summaryOf(label, waits));
}
