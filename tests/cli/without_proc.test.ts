import { describe, expect, test } from "vitest";
import { because, inNamespaceWithoutProc, noLab } from "../fixtures/lab.ts";
import { run, runtime } from "../fixtures/runtime.ts";
import { realpeer } from "./realpeer.ts";

const noNode = runtime === "node" ? noLab : "only Node starts without /proc";

/** Each: the arguments, the exit status, and all that is said. */
const CASES: readonly [args: string, status: number, says: string][] = [
  [
    "wait 5432 --free",
    3,
    "Cannot wait for 5432: Cannot read /proc/self/net/tcp (ENOENT), mount proc(5): mount -t proc proc /proc",
  ],
  [
    "demo 41000",
    3,
    "Cannot read /proc/sys/net/ipv4/ip_local_port_range (ENOENT), mount proc(5): mount -t proc proc /proc",
  ],
  [
    "start true 127.0.0.1:1",
    1,
    "/proc shows no processes: only the server's process group will be stopped\n" +
    "realpeer: The server ended with status 0 before it was ready",
  ],
];

describe.skipIf(noNode)(because("without /proc a command names a way out that it has", noNode), () => {
  for (const [args, code, says] of CASES) {
    test(`realpeer ${args}`, async () => {
      const finished = await run(inNamespaceWithoutProc(realpeer(...args.split(" "))));
      expect(finished).toMatchObject({ code, stdout: "", stderr: `realpeer: ${says}\n` });
    });
  }
});
