import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { realpeer } from "../cli/realpeer.ts";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { askedServers } from "../fixtures/plain_servers.ts";
import { commandFor, run, runForJson, runtime } from "../fixtures/runtime.ts";
import type { Answered } from "../programs/shielded_server.ts";

describe("on a port that this runtime shields", () => {
  for (const [name, { kind, answer }] of Object.entries(askedServers)) {
    // With SO_REUSEADDR or without, a server binds beside the holder of any runtime as beside that of any other.
    if (runtime !== "node" && !name.includes("Python")) continue;
    const reason = noLab ?? kind.missing;
    test.skipIf(reason)(because(`${name} starts and answers`, reason), async () => {
      const folder = mkdtempSync(join(tmpdir(), "realpeer-server-"));
      try {
        // nginx' workers are another user's.
        chmodSync(folder, 0o755);
        kind.prepare(folder);
        const command = commandFor("tests/programs/shielded_server.ts", [name, folder, String(LAB_PORT)]);
        const answered = await runForJson<Answered>(inLab(command), { limit: 110_000 });
        expect(answered).toEqual({ states: ["held", "held", "held"], answer: expect.stringContaining(answer) });
      } finally {
        rmSync(folder, { recursive: true });
      }
    }, 120_000);
  }

  test.skipIf(noLab)(
    because("only a server that binds every address without SO_REUSEADDR gets EADDRINUSE", noLab),
    async () => {
      const serve = ["python3", "tests/programs/plain_servers/serve.py", String(LAB_PORT)];
      const command = realpeer("shield", "-q", String(LAB_PORT), "--", ...serve, "0.0.0.0");
      expect(await run(inLab(command))).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("Address already in use"),
      });
    },
  );

  test.skipIf(noLab)(
    because("whose holder is killed, servers can bind at once, and it stays shielded", noLab),
    async () => {
      // What is left is a TIME_WAIT of an address that is nobody's.
      const script = `"$@" & shield=$!
        until ss -tn | grep -q 127.255; do sleep 0.05; kill -0 $shield || exit 1; done
        kill -KILL $shield
        until ! ss -tn state established | grep -q 127.255; do sleep 0.05; done
        ss -tan | grep -c 127.255; python3 tests/programs/dialers/dial.py ${LAB_PORT} 1000
        python3 tests/programs/plain_servers/serve.py ${LAB_PORT} 127.0.0.1 & server=$!
        until ss -ltn | grep -q ${LAB_PORT}; do sleep 0.05; kill -0 $server || exit 1; done
        kill $server; wait $server
        python3 -m http.server ${LAB_PORT} 2> /dev/null > /dev/null & server=$!
        until ss -ltn | grep -q 0.0.0.0:${LAB_PORT}; do sleep 0.05; kill -0 $server || exit 1; done
        kill $server; echo bound`;
      const { stdout, stderr } = await run(
        inLab(["bash", "-c", script, "bash", ...realpeer("shield", String(LAB_PORT))]),
      );
      expect({ stdout, stderr }).toEqual({
        stdout: '1\n{"ECONNREFUSED": 1000}\nbound\n',
        stderr: expect.not.stringContaining("Error"),
      });
    },
  );
});
