/**
 * Ends connections in every way there is and prints what became of each: connection_ends.ts OPTIONS, those of connect()
 * as JSON. That this program ends by itself says that nothing of them is left; an unhandled rejection would end it earlier.
 */
import { setTimeout as sleep } from "node:timers/promises";
import process from "node:process";
import { connect, type Connection, type ConnectOptions } from "../../mod.ts";
import { type PeerReport, ScriptedPeers } from "../fixtures/scripted_peer.ts";
import { openDescriptors } from "./descriptors.ts";

export const ENDS = ["close", "dispose", "cancel", "reset", "abort", "peer fin", "peer reset"] as const;
/** How many chunks of how many bytes are written. */
export const WRITTEN = { nothing: [0, 0], one: [1, 5], many: [20, 1000], large: [40, 200_000] } as const;

export interface Cell {
  readonly end: typeof ENDS[number];
  readonly written: keyof typeof WRITTEN;
  readonly isAwaited: boolean;
  readonly isReading: boolean;
}

export interface Outcome {
  readonly cell: Cell;
  /** "resolved", or the code that `closed` rejected with; "pending" when it did not settle. */
  readonly closed: string;
  /** "ended" or the code that reading failed with; undefined where nothing reads. */
  readonly reading: string | undefined;
  readonly bytesRead: number;
  readonly bytesPassed: number;
  /** Of the writes that were fulfilled. */
  readonly bytesWritten: number;
  /** What the other writes rejected with. */
  readonly writeErrors: readonly string[];
  readonly peer: PeerReport;
}

export interface Report {
  readonly outcomes: readonly Outcome[];
  /** Open descriptors of this process before and after; undefined where the system does not tell. */
  readonly descriptors: readonly [number, number] | undefined;
}

const GREETING = 1000;
const peers = new ScriptedPeers();
const options: Partial<ConnectOptions> = JSON.parse(process.argv[2]!);

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? error);
}

const endings: Readonly<Record<Cell["end"], (made: Made) => unknown>> = {
  close: ({ connection }) => connection.close(),
  dispose: ({ connection }) => connection[Symbol.asyncDispose](),
  cancel: ({ connection, reader }) => (reader ?? connection.readable).cancel(),
  reset: ({ connection }) => connection.reset(),
  abort: ({ writer }) => writer.abort(Object.assign(new Error("enough"), { code: "enough" })),
  "peer fin": () => {},
  "peer reset": () => {},
};

interface Made {
  readonly connection: Connection;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
}

async function run(cell: Cell): Promise<Outcome> {
  const { end, written, isAwaited, isReading } = cell;
  const isDropped = end === "reset" || end === "abort" || end === "peer reset";
  const peer = await peers.start({
    greeting: GREETING,
    // Late, so that more than the buffers hold is really still here when the connection ends.
    readAfter: isDropped ? 400 : written === "large" ? 250 : 0,
    end: end === "peer fin" ? "fin" : end === "peer reset" ? "reset" : null,
    endAfter: 150,
    echo: false,
  });
  const connection = await connect({ hostname: "127.0.0.1", port: peer.port, ...options });
  peer.go();
  const writer = connection.writable.getWriter();
  const reader = isReading ? connection.readable.getReader() : undefined;
  let bytesRead = 0;
  const reading = reader && (async () => {
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) bytesRead += read.value.length;
      return "ended";
    } catch (error) {
      return codeOf(error);
    }
  })();

  let [bytesPassed, bytesWritten] = [0, 0];
  const writeErrors = new Set<string>();
  const [count, length] = WRITTEN[written];
  const chunk = new Uint8Array(length);
  const write = async (): Promise<boolean> => {
    bytesPassed += length;
    try {
      await writer.write(chunk);
      bytesWritten += length;
      return true;
    } catch (error) {
      writeErrors.add(codeOf(error));
      return false;
    }
  };
  const writing = isAwaited
    ? (async () => {
      for (let done = 0; done < count && await write(); done++);
    })()
    : Promise.all(Array.from({ length: count }, write));
  // What is awaited is written before the end where the peer takes it; reading has begun before the end.
  if (isAwaited) await Promise.race([writing, sleep(50)]);
  if (isReading) await sleep(50);
  const ended = endings[end]({ connection, writer, reader });
  const closed = await Promise.race([
    connection.closed.then(() => "resolved", codeOf),
    sleep(10_000, "pending", { ref: false }),
  ]);
  await ended;
  await writing;
  return {
    cell,
    closed,
    reading: await reading,
    bytesRead,
    bytesPassed,
    bytesWritten,
    writeErrors: [...writeErrors],
    peer: await peer.report,
  };
}

const cells: Cell[] = [];
for (const end of ENDS) {
  for (const written of Object.keys(WRITTEN) as Cell["written"][]) {
    for (const isAwaited of written === "nothing" ? [true] : [true, false]) {
      for (const isReading of [true, false]) cells.push({ end, written, isAwaited, isReading });
    }
  }
}
// The first connection loads what the others use.
await run({ end: "close", written: "one", isAwaited: true, isReading: true });
const before = openDescriptors();
const outcomes = await Promise.all(cells.map(run));
const after = openDescriptors();
peers.stop();
const descriptors = before === undefined || after === undefined ? undefined : [before, after] as const;
const report: Report = { outcomes, descriptors };
console.log(JSON.stringify(report));
