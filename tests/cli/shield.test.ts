import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/command_line.ts";
import { dialers } from "../fixtures/dialers.ts";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { run, runForJson, runtime } from "../fixtures/runtime.ts";
import { FakeSystem } from "./fake_system.ts";
import { realpeer, start } from "./realpeer.ts";

const folder = mkdtempSync(join(tmpdir(), "realpeer-shield-"));
afterAll(() => rmSync(folder, { recursive: true }));

const port = String(LAB_PORT);
const notLinux = process.platform === "linux" ? undefined : "a shield needs Linux";

describe.skipIf(noLab)(because("while realpeer shield runs a command, on a dead port,", noLab), () => {
  for (const [name, { missing, dials, command }] of Object.entries(dialers)) {
    // The kernel refuses, whichever runtime holds; what these two see of the holder, the others do.
    if (runtime !== "node" && name !== "Python" && name !== "C") continue;
    test.skipIf(missing)(because(`${dials} dials of ${name} are refused`, missing), async () => {
      const shielded = realpeer("shield", "--quiet", port, "--", ...command(folder, LAB_PORT, dials));
      expect(await runForJson(inLab(shielded), { limit: 170_000 })).toEqual({ ECONNREFUSED: dials });
    }, 180_000);

    // There is no runtime that holds.
    if (runtime !== "node") continue;
    test.skipIf(missing)(because(`and without it ${name} is connected to itself`, missing), async () => {
      expect(await runForJson(inLab(command(folder, LAB_PORT, 1)))).toMatchObject({ connected: 1 });
    });
  }
});

describe.skipIf(noLab)(because("realpeer shield", noLab), () => {
  test("says what it does for each port, and passes the exit status on", async () => {
    const command = ["shield", port, "80", port, "--", "sh", "-c", "exit 7"];
    const { code, stdout, stderr } = await run(inLab(realpeer(...command)));
    expect({ code, stdout }).toEqual({ code: 7, stdout: "" });
    expect(stderr).toBe(`${port} held\n80 not at risk, the kernel gives it to no client\n`);
  });

  test("tells of a server that listens on every address", async () => {
    const serve = `python3 tests/programs/plain_servers/serve.py ${port} 0.0.0.0 & server=$!
      until ss -ltn | grep -q ${port}; do sleep 0.05; done
      "$@"; status=$?; kill $server; exit $status`;
    const command = ["sh", "-c", serve, "sh", ...realpeer("shield", "--json", port, "--", "true")];
    const { code, stdout, stderr } = await run(inLab(command));
    expect({ code, stderr }).toEqual({ code: 0, stderr: `${port} a server listens, held as soon as it goes\n` });
    expect(JSON.parse(stdout)).toEqual({ ports: [{ port: LAB_PORT, state: "listening" }] });
  });

  for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    test(`without a command holds until ${signal} and leaves nothing`, async () => {
      const script = `"$@" & shield=$!
        until ss -tn | grep -q 127.255; do sleep 0.05; kill -0 $shield || exit 1; done
        kill -${signal} $shield; wait $shield; echo $?; ss -tan | grep -c 127.255`;
      // A shell starts what runs in the background with SIGINT ignored, but for `set -m`.
      const command = ["bash", "-mc", script, "bash", ...realpeer("shield", port)];
      const { stdout, stderr } = await run(inLab(command));
      expect([stdout, stderr]).toEqual([`${status}\n0\n`, expect.stringContaining(`${port} held\n`)]);
    });
  }
});

describe("realpeer shield", () => {
  const mistakes: readonly (readonly [args: string[], words: string])[] = [
    [["shield"], "No port to shield"],
    [["shield", "0"], "Cannot read port 0"],
    [["shield", "localhost:80"], "Cannot read port localhost:80"],
    [["shield", "80", "--"], "No command after --"],
    [["shield", "80", "--jsn"], "did you mean --json?"],
  ];
  for (const [args, words] of mistakes) {
    test(`${args.join(" ")} is a mistake that it names`, async () => {
      const system = new FakeSystem(args);
      expect([await runCommandLine(system), system.stderr.text]).toEqual([2, expect.stringContaining(words)]);
    });
  }

  test.skipIf(notLinux)(because("goes on holding after it has printed its document", notLinux), async () => {
    const started = start(realpeer("shield", "--json", "--quiet", "80"));
    expect(JSON.parse(await started.says("]\n}\n"))).toEqual({ ports: [{ port: 80, state: "not-at-risk" }] });
    await started.listensToSignals();
    started.kill("SIGTERM");
    expect(await started.finished).toMatchObject({ code: 143, stderr: "" });
  });
});
