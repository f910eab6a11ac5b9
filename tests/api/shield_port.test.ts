import { describe, expect, test } from "vitest";
import { shieldPort } from "../../mod.ts";
import { because, inEmptyNamespace, inLab, noLab } from "../fixtures/lab.ts";
import { commandFor, run, runForJson, STEADY_HEAP } from "../fixtures/runtime.ts";

function see<Seen>(situation: string): Promise<Seen> {
  return runForJson(inLab(commandFor("tests/programs/shield_port.ts", [situation], STEADY_HEAP)), { limit: 110_000 });
}

const REFUSED = { ECONNREFUSED: 500 };

describe("shieldPort()", () => {
  for (const port of [0, -1, 65536, 1.5, NaN]) {
    test(`rejects ${port} with a RangeError`, async () => {
      await expect(shieldPort(port)).rejects.toThrow(RangeError);
    });
  }

  test("has nothing to do for a port that the kernel gives to nobody, and can be released twice", async () => {
    const shield = await shieldPort(80);
    const isLinux = process.platform === "linux";
    expect([shield.port, shield.state]).toEqual([80, isLinux ? "not-at-risk" : "unsupported"]);
    await shield.release();
    await shield[Symbol.asyncDispose]();
  });
});

describe.skipIf(noLab)(because("shieldPort(), on a dead port of the first choice,", noLab), () => {
  test("holds it within 100 ms after a listener on every address has gone, and while others come and go", async () => {
    const { before, latest, seen } = await see<{ before: string; latest: number; seen: unknown[] }>(
      "a listener on every address that comes, goes and comes again",
    );
    expect([before, seen]).toEqual(["listening", [REFUSED, ...Array(3).fill(["held", REFUSED]).flat()]]);
    expect(latest).toBeLessThan(100);
  });

  test("holds it beside a listener on one address", async () => {
    const situation = "a listener on one address that was there first";
    expect(await see(situation)).toEqual({ before: "held", seen: REFUSED });
  });

  test("holds it beside a client that the kernel has given it to before", async () => {
    expect(await see("a client that has the port as its own already")).toEqual({
      ...{ localPort: 40000, state: "held", beside: REFUSED, afterwards: REFUSED },
    });
  });

  test("holds it until the last shield is released, in whatever process, and survives the others' ends", async () => {
    expect(await see("several shields, here and in another process")).toEqual([2, 2, REFUSED, 1, REFUSED, REFUSED]);
  });

  test("leaves no descriptor, no socket and no memory", async () => {
    const seen = await see<{ grownBy: number }>("10,000 shields and releases");
    expect(seen).toEqual({ descriptors: 0, holders: 0, grownBy: expect.any(Number) });
    expect(seen.grownBy).toBeLessThan(40);
  });

  test("needs one socket for any number of shields in one process", async () => {
    expect(await see("200 shields at once")).toEqual([1, 0]);
  });

  test("does not reach a client that binds a specific address first: seldom it is given the port", async () => {
    const { state, dials } = await see<{ state: string; dials: Record<string, number> }>(
      "a client that binds a specific address first",
    );
    expect(state).toBe("held");
    expect(dials["connected"]).toBeGreaterThan(0);
    expect(dials["ECONNREFUSED"]).toBeGreaterThan(dials["connected"]! * 10);
  });

  test("says so where there is no IPv4 loopback address", async () => {
    const program = commandFor("tests/programs/shield_port.ts", ["no IPv4 loopback address"]);
    const command = ["sh", "-c", 'ip address delete 127.0.0.1/8 dev lo; exec "$@"', "sh", ...program];
    expect(await runForJson(inLab(command))).toBe("Cannot hold port 40000: no IPv4 loopback address can be bound");
  });

  test("does not keep the process alive, and leaves nothing when it ends", async () => {
    const program = commandFor("tests/programs/shield_port.ts", ["nothing else to do"]);
    const command = ["sh", "-c", '"$@" && ss -tan | grep -c 127.255', "sh", ...program];
    expect((await run(inLab(command))).stdout).toBe('"held"\n0\n');
  });

  test("shields in the kernel's own range, too", async () => {
    const dial = ["python3", "tests/programs/dialers/dial.py", "41000", "20000"];
    const command = commandFor("src/cli/main.ts", ["shield", "-q", "41000", "--", ...dial]);
    expect(await runForJson(inEmptyNamespace(command))).toEqual({ ECONNREFUSED: 20_000 });
  });
});
