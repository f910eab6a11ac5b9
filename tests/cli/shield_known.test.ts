import { describe, expect, test } from "vitest";
import { because, inEmptyNamespace, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { type Finished, run, runtime } from "../fixtures/runtime.ts";
import { realpeer } from "./realpeer.ts";

const port = String(LAB_PORT);

/** What a command says of a port while another one shields it. */
function whileShielded(...args: string[]): Promise<Finished> {
  return run(inLab(realpeer("shield", "--quiet", port, "--", ...realpeer(...args))));
}

describe.skipIf(noLab)(because("of a port that is shielded", noLab), () => {
  test("scan says that it leaves the shield out", async () => {
    const { code, stdout } = await whileShielded("scan");
    const shields = `Left out: 1 in 127.255.0.0/16, with which realpeer shields ${port}\n`;
    expect([code, stdout]).toEqual([0, `No self-connections\n${shields}`]);
    const document = JSON.parse((await whileShielded("scan", "--json")).stdout);
    expect(document).toEqual({
      selfConnections: [],
      shields: [expect.objectContaining({ command: expect.stringContaining("shield") })],
    });
    expect((await whileShielded("scan", "--prometheus")).stdout).toContain("\nrealpeer_shields 1\n");
  });

  test("check says that the risk is low while its program runs, and that the shield needs no root", async () => {
    const { code, stdout } = await whileShielded("check", "--json", port);
    const [report] = JSON.parse(stdout);
    expect([code, report]).toMatchObject([0, { risk: "low", expectedAttempts: null, listening: null }]);
    expect(report.reasons.at(-1)).toMatch(/^shielded, while it runs, by [\w.]+ \(pid \d+\)$/);
    expect(report.shields).toEqual([expect.objectContaining({ pid: expect.any(Number) })]);
    const unshielded = await run(inLab(realpeer("check", port)));
    expect(unshielded).toMatchObject({ code: 1 });
    expect(unshielded.stdout).toContain(`Without root, while a command runs:\n  realpeer shield ${port} -- COMMAND\n`);
  });

  test("wait --free says that it is free, and what a server without SO_REUSEADDR has to do", async () => {
    const { code, stderr } = await whileShielded("wait", "--free", "--timeout", "2s", port);
    const says =
      /^40000 is free after [^:]+: .*shield.* \(pid \d+\) shields it, a server without SO_REUSEADDR has to bind one address\n$/;
    expect([code, stderr]).toEqual([0, expect.stringMatching(says)]);
  });
});

describe.skipIf(noLab)(because("realpeer wait --shield", noLab), () => {
  test("keeps the ports from other clients while it waits, and no longer", async () => {
    const script = `"$@" & wait=$!
      until ss -tn | grep -q 127.255; do sleep 0.05; kill -0 $wait || exit 1; done
      python3 tests/programs/dialers/dial.py ${port} 500
      kill $wait; wait $wait; echo $?; ss -tan | grep -c 127.255; python3 tests/programs/dialers/dial.py ${port} 2`;
    const wait = realpeer("wait", "--shield", "--timeout", "0", "--quiet", port, "80");
    const { stdout } = await run(inLab(["bash", "-c", script, "bash", ...wait]));
    expect(stdout).toBe('{"ECONNREFUSED": 500}\n143\n0\n{"connected": 2}\n');
  });

  test("lets the server that it waits for start", async () => {
    const script = `(sleep 1; exec python3 -m http.server ${port} > /dev/null 2>&1) & "$@"; kill $!`;
    const wait = realpeer("wait", "--shield", "--timeout", "20s", port, "--", "echo", "ready");
    expect((await run(inLab(["bash", "-c", script, "bash", ...wait]))).stdout).toBe("ready\n");
  });
});

test.skipIf(noLab ?? (runtime === "deno" ? undefined : "this is not Deno"))(
  because("on Deno the shield stands without the right to read /proc, at the one address that may be dialed", noLab),
  async () => {
    const [file, ...args] = realpeer("shield", "--json", port, "80") as [string, ...string[]];
    const flags = args.flatMap((arg) => arg === "-A" ? ["--no-prompt", `--allow-net=127.0.0.1:${port}`] : [arg]);
    const script = `"$@" & shield=$!
      until ss -tn | grep -q 127.0.0.1:${port}; do sleep 0.05; kill -0 $shield || exit 1; done
      python3 tests/programs/dialers/dial.py ${port} 500; kill $shield`;
    const { stdout } = await run(inEmptyNamespace(["bash", "-c", script, "bash", file, ...flags]));
    expect(stdout).toContain('{"ECONNREFUSED": 500}');
  },
);
