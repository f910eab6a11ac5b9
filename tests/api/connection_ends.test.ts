import { describe, expect, test } from "vitest";
import type { ConnectOptions } from "../../mod.ts";
import { find, IN_PATH, missing } from "../fixtures/find_program.ts";
import { because } from "../fixtures/lab.ts";
import { commandFor, runForJson, runtime } from "../fixtures/runtime.ts";
import type { Cell, Outcome, Report } from "../programs/connection_ends.ts";

/** What has to become of a connection, by what ends it, whatever was written and whether or not somebody reads. */
interface Expected {
  readonly closed: "resolved" | "ECONNRESET";
  /** How a read ends that is pending, or the next one. */
  readonly reading: "ended" | "ECONNRESET";
  /** What writes that were passed before the end reject with; null when every one of them is sent. */
  readonly writes: "ECONNRESET" | "ECONNABORTED" | "enough" | null;
  /** What the peer sees. */
  readonly peer: "fin" | "reset" | "own reset";
}

const IN_ORDER: Expected = { closed: "resolved", reading: "ended", writes: null, peer: "fin" };
const EXPECTED: Readonly<Record<Cell["end"], Expected>> = {
  "close": IN_ORDER,
  "dispose": IN_ORDER,
  "cancel": IN_ORDER,
  "peer fin": IN_ORDER,
  "reset": { closed: "resolved", reading: "ended", writes: "ECONNABORTED", peer: "reset" },
  "abort": { closed: "resolved", reading: "ended", writes: "enough", peer: "reset" },
  "peer reset": { closed: "ECONNRESET", reading: "ECONNRESET", writes: "ECONNRESET", peer: "own reset" },
};

function nameOf({ end, written, isAwaited, isReading }: Cell): string {
  return `${end}, ${written} written${isAwaited ? " and awaited" : ""}, ${isReading ? "" : "not "}reading`;
}

/** What became of it, in the words of the table; where both are right, as the table has it. */
function actual(outcome: Outcome, expected: Expected, canReset: boolean): unknown {
  const { cell, closed, reading, bytesPassed, bytesWritten, writeErrors, peer } = outcome;
  const isInOrder = expected.writes === null;
  // A write that was begun after the end, which only a loop that awaits does, is refused.
  const allowed = isInOrder ? cell.isAwaited ? ["EPIPE"] : [] : [expected.writes, "EPIPE"];
  return {
    closed,
    reading,
    unexpectedWriteErrors: writeErrors.filter((code) => !allowed.includes(code)),
    // In order the peer gets what was written and all that was passed; in a reset no more than that.
    received: isInOrder ? peer.received === bytesWritten : peer.received <= bytesPassed,
    lost: isInOrder && !cell.isAwaited ? bytesPassed - peer.received : 0,
    bytesRead: cell.end === "peer fin" && cell.isReading ? outcome.bytesRead : 1000,
    peer: expected.peer === "reset" && !canReset && peer.ended === "fin" ? "reset" : peer.ended,
  };
}

const WAYS: Readonly<Record<string, Partial<ConnectOptions>>> = {
  "the runtime's own connect": {},
  "node:net": { localAddress: "127.0.0.1" },
};
const reason = missing(["python3", find("python3", IN_PATH)]);

describe("connections that end", () => {
  for (const [way, options] of Object.entries(WAYS)) {
    test.skipIf(reason)(because(`do so in the same way in every case, over ${way}`, reason), async () => {
      const command = commandFor("tests/programs/connection_ends.ts", [JSON.stringify(options)]);
      const { outcomes, descriptors } = await runForJson<Report>(command);
      expect(outcomes.length).toBe(98);
      // Deno.TcpConn has no way to send a reset.
      const canReset = runtime !== "deno" || options.localAddress !== undefined;
      const cellsAs = (see: (outcome: Outcome, expected: Expected) => unknown): Record<string, unknown> =>
        Object.fromEntries(outcomes.map((outcome) => [nameOf(outcome.cell), see(outcome, EXPECTED[outcome.cell.end])]));
      expect(cellsAs((outcome, expected) => actual(outcome, expected, canReset))).toEqual(
        cellsAs(({ cell }, { closed, reading, peer }) => ({
          closed,
          reading: cell.isReading ? reading : undefined,
          unexpectedWriteErrors: [],
          received: true,
          lost: 0,
          bytesRead: 1000,
          peer,
        })),
      );
      if (descriptors) expect(descriptors[1]).toBe(descriptors[0]);
    });
  }
});
