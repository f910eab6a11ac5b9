/** Connects to a listener and closes, as often as it is asked, and tells what that took. dials.ts PORT */
import * as net from "node:net";
import process from "node:process";
import { answerEach, cpu } from "./answer.ts";

export interface Answer {
  /** Microseconds per connect. */
  readonly wall: number;
  readonly cpu: number;
}

const port = Number(process.argv[2]);

function dial(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    socket.once("error", reject).once("close", () => resolve()).once(
      "connect",
      () => socket.destroy(),
    );
  });
}

await answerEach<{ count: number }, Answer>(async ({ count }) => {
  const [started, cpuBefore] = [performance.now(), cpu()];
  for (let dialed = 0; dialed < count; dialed++) await dial();
  return {
    wall: (performance.now() - started) * 1000 / count,
    cpu: (cpu() - cpuBefore) / count,
  };
});
