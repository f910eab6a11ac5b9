import fc from "fast-check";
import { createHash } from "node:crypto";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { connect, type Connection } from "../../mod.ts";
import { find, IN_PATH, missing } from "../fixtures/find_program.ts";
import { because } from "../fixtures/lab.ts";
import { type PeerReport, ScriptedPeers } from "../fixtures/scripted_peer.ts";

type Step = { readonly do: "write"; readonly bytes: number } | { readonly do: "await writes" | "read" | "wait" };
type End = "close" | "dispose" | "cancel" | "close writer" | "abort" | "reset" | "peer ends" | "peer resets";

/** What is done with one connection, and how it ends. */
interface Program {
  readonly steps: readonly Step[];
  readonly end: End;
  /** How many bytes the peer sends. */
  readonly greeting: number;
  /** Milliseconds from the first step to the peer's own end. */
  readonly endAfter: number;
  readonly allowHalfOpen: boolean;
  readonly isBound: boolean;
}

const length = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 5000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 50_000, max: 300_000 }) },
);
const program: fc.Arbitrary<Program> = fc.record({
  steps: fc.array(
    fc.oneof(
      fc.record({ do: fc.constant("write" as const), bytes: length }),
      fc.record({ do: fc.constantFrom("await writes" as const, "read" as const, "wait" as const) }),
    ),
    { maxLength: 8 },
  ),
  end: fc.constantFrom<End[]>(
    ...["close", "dispose", "cancel", "close writer", "abort", "reset", "peer ends", "peer resets"] as const,
  ),
  greeting: length,
  endAfter: fc.integer({ min: 0, max: 5 }),
  allowHalfOpen: fc.boolean(),
  isBound: fc.boolean(),
});

/** As the peer has it: no byte can be mistaken for its neighbour. */
const PATTERN = Uint8Array.from({ length: 1 << 20 }, (_, index) => index * 31 % 251);

interface Outcome {
  readonly closed: unknown;
  readonly passed: Uint8Array;
  readonly written: number;
  readonly rejections: readonly unknown[];
  readonly read: Uint8Array;
  readonly readEnd: unknown;
  readonly peer: PeerReport;
}

async function run(program: Program, peers: ScriptedPeers): Promise<Outcome> {
  const { steps, end, greeting, endAfter, allowHalfOpen, isBound } = program;
  const ownEnd = end === "peer ends" ? "fin" : end === "peer resets" ? "reset" : null;
  const peer = await peers.start({ greeting, readAfter: 0, end: ownEnd, endAfter, echo: false });
  const bound = isBound ? { localAddress: "127.0.0.1" } : {};
  const connection: Connection = await connect({ hostname: "127.0.0.1", port: peer.port, allowHalfOpen, ...bound });
  peer.go();
  const writer = connection.writable.getWriter();
  const reader = connection.readable.getReader();
  let [passed, written] = [0, 0];
  const rejections: unknown[] = [];
  const chunks: Uint8Array[] = [];
  let readEnd: unknown;
  const readOne = async (): Promise<void> => {
    try {
      const { value, done } = await reader.read();
      if (done) readEnd = "done";
      else chunks.push(value);
    } catch (error) {
      readEnd = error;
    }
  };
  const writes: Promise<void>[] = [];
  const reads: Promise<void>[] = [];
  for (const step of steps) {
    if (step.do === "write") {
      const chunk = PATTERN.slice(passed % 1000, passed % 1000 + step.bytes);
      passed += step.bytes;
      writes.push(
        writer.write(chunk).then(() => void (written += chunk.length), (error) => {
          rejections.push(error);
        }),
      );
    } else if (step.do === "read") reads.push(readOne());
    else if (step.do === "await writes") await Promise.all(writes);
    else await sleep(1);
  }
  const endings: Readonly<Record<End, () => unknown>> = {
    "close": () => connection.close(),
    "dispose": () => connection[Symbol.asyncDispose](),
    "cancel": () => reader.cancel(),
    "close writer": () => writer.close(),
    "abort": () => writer.abort(Object.assign(new Error("enough"), { code: "enough" })),
    "reset": () => connection.reset(),
    "peer ends": () => {},
    "peer resets": () => {},
  };
  const ended = endings[end]();
  const readRest = (async () => {
    while (readEnd === undefined) await readOne();
    // Half-open, the connection waits for us.
    if (end === "peer ends" && allowHalfOpen) await writer.close();
  })();
  const closed = await Promise.race([
    connection.closed.then(() => "resolved", (error: unknown) => error),
    sleep(15_000, "pending", { ref: false }),
  ]);
  await Promise.all([ended, readRest, ...writes, ...reads]);
  const all: Uint8Array[] = [];
  for (const step of steps) {
    if (step.do !== "write") continue;
    const before = all.reduce((sum, { length }) => sum + length, 0);
    all.push(PATTERN.slice(before % 1000, before % 1000 + step.bytes));
  }
  const read = Buffer.concat(chunks);
  return { closed, passed: Buffer.concat(all), written, rejections, read, readEnd, peer: await peer.report };
}

/** What the model of a connection says. */
function check({ end, greeting, allowHalfOpen }: Program, outcome: Outcome): void {
  const { closed, passed, written, rejections, read, readEnd, peer } = outcome;
  // Whatever the end, each side has a prefix of what the other sent, unchanged.
  expect(Buffer.compare(read, PATTERN.subarray(0, read.length))).toBe(0);
  const prefix = passed.subarray(0, peer.received);
  expect(peer.digest).toBe(createHash("sha256").update(prefix).digest("hex"));
  if (end === "peer resets") {
    expect(closed).toMatchObject({ code: "ECONNRESET" });
    expect(readEnd).toBe(closed);
    for (const rejection of rejections) expect(rejection).toBe(closed);
    return;
  }
  expect({ closed, readEnd }).toEqual({ closed: "resolved", readEnd: "done" });
  if (end === "reset" || end === "abort") {
    const code = end === "abort" ? "enough" : "ECONNABORTED";
    for (const rejection of rejections) expect(rejection).toMatchObject({ code });
    return;
  }
  if (end === "peer ends" && !allowHalfOpen) {
    // Its end may come before the last writes, which are refused then.
    for (const rejection of rejections) expect(rejection).toMatchObject({ code: "EPIPE" });
  } else expect({ rejections, written }).toEqual({ rejections: [], written: passed.length });
  expect({ received: peer.received, ended: peer.ended }).toEqual({ received: written, ended: "fin" });
  if (end === "peer ends" || end === "close writer") expect(read.length).toBe(greeting);
}

const AT_ONCE = 100;
/** 2,000 programs in CI. */
const RUNS = process.env["CI"] === "true" ? 20 : 3;
const reason = missing(["python3", find("python3", IN_PATH)]);

test.skipIf(reason)(because(`${RUNS * AT_ONCE} random programs end as the model says`, reason), async () => {
  const seed = Math.trunc(Math.random() * 2 ** 31);
  console.log(`connection programs: seed ${seed}`);
  const peers = new ScriptedPeers();
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(program, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (programs) => {
        const outcomes = await Promise.all(programs.map((program) => run(program, peers)));
        for (const [index, outcome] of outcomes.entries()) {
          const program = programs[index]!;
          try {
            check(program, outcome);
          } catch (cause) {
            const told = { ...outcome, passed: outcome.passed.length, read: outcome.read.length };
            throw new Error(`${JSON.stringify(program)} ended as ${JSON.stringify(told)}`, { cause });
          }
        }
      }),
      { seed, numRuns: RUNS, endOnFailure: true },
    );
  } finally {
    peers.stop();
  }
});
