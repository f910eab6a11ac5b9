import { Conversation, type Runtime, side } from "./child.ts";
import type {
  Answer as Listened,
  Question as Listen,
} from "./sides/late_server.ts";
import type { Answer as Waited } from "./sides/waiter.ts";

/** A tool, and the runtime it runs on. */
export interface Waiter {
  readonly label: string;
  readonly runtime: Runtime;
  /** Its name in sides/waiters.ts. */
  readonly tool: string;
}

/** One wait for a server that came late. */
export interface Wait {
  /** Milliseconds from the listen to the report; below zero: reported before there was a server. */
  readonly latency: number;
  /** Milliseconds that were waited in all. */
  readonly waited: number;
  /** Microseconds of processor time. */
  readonly cpu: number;
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Servers that come late. */
export class LateServers {
  readonly #server = new Conversation<Listen, Listened>(
    side("node", "late_server"),
  );

  /** Lets one tool wait for a port on which a server listens after `delay` milliseconds. */
  async wait(
    tool: Conversation<{ port: number }, Waited>,
    delay: number,
  ): Promise<Wait> {
    const { port } = await this.#server.ask({ port: 0 });
    const started = performance.timeOrigin + performance.now();
    const waited = tool.ask({ port });
    await sleep(delay);
    const { listened } = await this.#server.ask({ port });
    const { reported, cpu } = await waited;
    await this.#server.ask({ port, isEnd: true });
    return { latency: reported - listened, waited: reported - started, cpu };
  }

  end(): Promise<void> {
    return this.#server.end();
  }
}

/** Starts the process of a tool. */
export function startWaiter(
  { runtime, tool }: Waiter,
): Conversation<{ port: number }, Waited> {
  return new Conversation(side(runtime, "waiter", [tool]));
}

/**
 * Lets every tool wait for a server once for each delay, all tools at once, each with the delays in an order of its own:
 * what the machine does meanwhile happens to all of them. Each wait is the first of a fresh process that has loaded the
 * tool, as it is in real life: nobody waits often enough for compiled code to pay.
 */
export async function waitSideBySide(
  waiters: readonly Waiter[],
  delays: readonly number[],
  order: (delays: readonly number[]) => readonly number[],
): Promise<Map<Waiter, Wait[]>> {
  const servers = new LateServers();
  const results = new Map<Waiter, Wait[]>();
  await Promise.all(waiters.map(async (waiter) => {
    const waits: Wait[] = [];
    for (const delay of order(delays)) {
      const tool = startWaiter(waiter);
      await tool.ready;
      waits.push(await servers.wait(tool, delay));
      await tool.end();
    }
    results.set(waiter, waits);
  }));
  await servers.end();
  return results;
}
