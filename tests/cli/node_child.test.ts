import process from "node:process";
import { expect, test } from "vitest";
import { startOnNode } from "../../src/cli/runtime/node_child.ts";
import { CannotRunError } from "../../src/cli/runtime/system.ts";
import { because } from "../fixtures/lab.ts";
import { busyLoop } from "../fixtures/busy_loop.ts";
import { runtime } from "../fixtures/runtime.ts";

const reason = runtime !== "node" || process.platform !== "linux" ? "only Node on Linux needs it" : undefined;

test.skipIf(reason)(
  because("a real-time signal is told of a command however busy the event loop is", reason),
  async () => {
    const busy = setInterval(() => busyLoop(Math.random() * 6), 1);
    try {
      const statuses = new Set<number>();
      for (let i = 0; i < 60; i++) statuses.add(await startOnNode(["bash", "-c", "kill -37 $$"]).ended);
      expect([...statuses]).toEqual([128 + 37]);
      expect(await startOnNode(["bash", "-c", "exec 100>&-; exit 0"]).ended).toBe(0);
      // The pipe is in nobody's way.
      expect(await startOnNode(["bash", "-c", "cat <&3 2>/dev/null"]).ended).toBe(1);
    } finally {
      clearInterval(busy);
    }
  },
);

test.skipIf(reason)(because("what Node cannot even spawn is a command that cannot be run", reason), async () => {
  for (const [file, status] of [["/etc/passwd/x", 126], [`/${"x".repeat(300)}`, 127]] as const) {
    const starting = (async () => await startOnNode([file]).ended)();
    const error: unknown = await starting.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(CannotRunError);
    expect((error as CannotRunError).status).toBe(status);
  }
});
