/**
 * Sends, receives, or sends back and forth over one connection, and prints what that took.
 * throughput.ts SUBJECT send|receive|ping-pong PORT AMOUNT: bytes, or round trips of 64 bytes.
 */
import process from "node:process";
import { open, peakMemory, type Pipe, type Subject } from "./pipes.ts";

export interface Answer {
  /** Bytes, or round trips, a second. */
  readonly rate: number;
  readonly peakMemory: number;
}

async function send(pipe: Pipe, total: number): Promise<void> {
  const chunk = new Uint8Array(65536);
  await pipe.write(new TextEncoder().encode("s"));
  for (let sent = 0; sent < total; sent += chunk.length) await pipe.write(chunk);
  await pipe.end();
  let answer = "";
  for (let part = await pipe.read(); part !== null; part = await pipe.read()) answer += new TextDecoder().decode(part);
  if (Number(answer) !== total) throw new Error(`The peer got ${answer} bytes of ${total}`);
}

async function receive(pipe: Pipe, total: number): Promise<void> {
  const order = new Uint8Array(9);
  order[0] = "g".charCodeAt(0);
  new DataView(order.buffer).setBigUint64(1, BigInt(total), true);
  await pipe.write(order);
  let received = 0;
  // Not until the end, which Duplex.toWeb does not report before ours.
  while (received < total) {
    const part = await pipe.read();
    if (part === null) break;
    received += part.length;
  }
  if (received !== total) throw new Error(`Got ${received} bytes of ${total}`);
}

async function pingPong(pipe: Pipe, count: number): Promise<void> {
  await pipe.write(new TextEncoder().encode("e"));
  const message = new Uint8Array(64);
  for (let done = 0; done < count; done++) {
    // The subject that hands out the buffer it was given would get it back detached.
    await pipe.write(message);
    for (let received = 0; received < message.length;) {
      const part = await pipe.read();
      if (part === null) throw new Error(`The peer ended after ${done} round trips`);
      received += part.length;
    }
  }
}

const [subject, what, port, amount] = process.argv.slice(2) as [Subject, string, string, string];
const pipe = await open(subject, Number(port));
const started = performance.now();
await { send, receive, "ping-pong": pingPong }[what]!(pipe, Number(amount));
const seconds = (performance.now() - started) / 1000;
const answer: Answer = { rate: Number(amount) / seconds, peakMemory: peakMemory() };
console.log(JSON.stringify(answer));
process.exit();
