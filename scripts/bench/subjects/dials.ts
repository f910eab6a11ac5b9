/**
 * Connects to a listener and closes, and sends bytes back and forth over a connection that stays, as often as it is
 * asked, and tells what that took. dials.ts PORT [look]: with a look at the local port of each connection.
 */
import * as net from "node:net";
import process from "node:process";
import { answerEach, cpu } from "./answer.ts";

export interface Question {
  readonly count: number;
  /** Bytes sent back and forth after connect, in place of connect and close. */
  readonly isRoundTrip: boolean;
}

export interface Answer {
  /** Microseconds each. */
  readonly wall: number;
  readonly cpu: number;
}

const port = Number(process.argv[2]);
const looks = process.argv[3] === "look";

function dial(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    socket.once("error", reject).once("close", () => resolve()).once("connect", () => {
      if (looks && socket.localPort === port) reject(new Error("Cannot measure: connected to itself"));
      socket.destroy();
    });
  });
}

/** Both ends in one process: when the system wakes another one would be most of a round trip. */
async function connectToEcho(): Promise<net.Socket> {
  const server = net.createServer({ noDelay: true }, (socket) => void socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return await new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port, noDelay: true });
    socket.once("connect", () => resolve(socket)).once("error", reject);
  });
}

const echo = await connectToEcho();
let onEcho: (() => void) | undefined;
echo.on("data", () => onEcho?.());

function roundTrip(): Promise<void> {
  return new Promise((resolve) => {
    onEcho = resolve;
    echo.write("x");
  });
}

await answerEach<Question, Answer>(async ({ count, isRoundTrip }) => {
  const once = isRoundTrip ? roundTrip : dial;
  const [started, cpuBefore] = [performance.now(), cpu()];
  for (let done = 0; done < count; done++) await once();
  return { wall: (performance.now() - started) * 1000 / count, cpu: (cpu() - cpuBefore) / count };
});
