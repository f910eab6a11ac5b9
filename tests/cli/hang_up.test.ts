import { execFileSync } from "node:child_process";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { isHangUpIgnored } from "../../src/cli/runtime/hang_up.ts";
import { because } from "../fixtures/lab.ts";
import { runtime } from "../fixtures/runtime.ts";
import { noProc } from "../fixtures/system.ts";
import { realpeer, start } from "./realpeer.ts";

/** The command with SIGHUP ignored, as nohup(1) starts it. */
function withoutHangUp(command: readonly string[]): string[] {
  return ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", ...command];
}

const MASK = ["sh", "-c", "grep SigIgn /proc/self/status; sleep 0.7; exit 5"];
const nothingTells = noProc ?? (runtime === "node" ? "Node resets every signal as it starts" : undefined);

describe("SIGHUP that is ignored at the start", () => {
  test.skipIf(nothingTells)(because("stays ignored, also by COMMAND", nothingTells), async () => {
    const started = start(withoutHangUp(realpeer("shield", "9", "-q", "--", ...MASK)));
    expect(await started.says("SigIgn")).toMatch(/^SigIgn:\s*[\da-f]+[13579bdf]$/m);
    started.kill("SIGHUP");
    expect((await started.finished).code).toBe(5);
  });

  test.skipIf(nothingTells)(because("ends no wait", nothingTells), async () => {
    const started = start(withoutHangUp(realpeer("wait", "127.0.0.1:1", "-t", "3s")));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    started.kill("SIGHUP");
    const { code, stderr } = await started.finished;
    expect([code, stderr]).toEqual([1, expect.stringContaining("Timed out after 3 s")]);
  });

  test.skipIf(nothingTells)(because("leaves a COMMAND that is not there a status of 127", nothingTells), async () => {
    const started = start(withoutHangUp(realpeer("shield", "9", "-q", "--", "no-such-program-anywhere")));
    expect((await started.finished).code).toBe(127);
  });

  test.skipIf(noProc)(because("is read from the mask of the kernel", noProc), () => {
    const maskOf = (digits: string) => () =>
      `SigPnd:\t0000000000000001\nSigIgn:\t${digits}\nSigCgt:\t0000000000000001\n`;
    expect(isHangUpIgnored(maskOf("0000000000001000"))).toBe(false);
    expect(isHangUpIgnored(maskOf("0000000180004203"))).toBe(true);
    expect(isHangUpIgnored(() => "")).toBe(false);
    expect(isHangUpIgnored(() => {
      throw new Error("no such file");
    })).toBe(false);
    const [file = "", ...args] = withoutHangUp(["cat", "/proc/self/status"]);
    expect(isHangUpIgnored(() => execFileSync(file, args, { encoding: "utf8" }))).toBe(true);
  });

  const notNode = noProc ?? (runtime === "node" ? undefined : "only Node resets it");
  test.skipIf(notNode)(because("is told to no program of Node", notNode), async () => {
    const mask = "require('fs').readFileSync('/proc/self/status', 'utf8').match(/SigIgn:.*/)[0]";
    const started = start(withoutHangUp([process.execPath, "-e", `console.log(${mask})`]));
    expect((await started.finished).stdout).toMatch(/^SigIgn:\s*[\da-f]+[02468ace]$/m);
  });
});
