import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { patientBunAdapter as adapter } from "../../src/adapters/bun_patient.ts";
import { because, inSilentLab, noSilentLab } from "../fixtures/lab.ts";
import { commandFor, runForJson } from "../fixtures/runtime.ts";
import { echo, startServer, unusedPort } from "../fixtures/tcp_server.ts";
import type { Outcome } from "../programs/bun_silence.ts";

/** Which of the two connects of Bun opened it. */
async function kindOf(hostname: string, port: number, signal: AbortSignal): Promise<string> {
  const socket = await adapter.open({ hostname, port }, signal);
  adapter.close(socket);
  return socket instanceof Socket ? "node:net" : "Bun.connect";
}

async function refusal(hostname: string, port: number, signal: AbortSignal): Promise<void> {
  await expect(adapter.open({ hostname, port }, signal)).rejects.toMatchObject({ code: "ECONNREFUSED" });
}

describe("the adapter of Bun for calls that may be given up", () => {
  test.each(["127.0.0.1", "localhost", "::1"])("dials %s with Bun.connect once it has refused", async (hostname) => {
    const { signal } = new AbortController();
    const port = await unusedPort();
    await refusal(hostname, port, signal);
    await refusal(hostname, port, signal);
    await using server = await startServer(echo, hostname === "::1" ? "::1" : "127.0.0.1", port);
    expect(await kindOf(hostname, server.port, signal)).toBe("Bun.connect");
    expect(await kindOf(hostname, server.port, new AbortController().signal)).toBe("node:net");
  });

  test("goes on with node:net where another host could have refused", async () => {
    const { signal } = new AbortController();
    const port = await unusedPort();
    // The same host, but by an address that only looks like a network's.
    await refusal("::ffff:127.0.0.1", port, signal);
    await using server = await startServer(echo, "127.0.0.1", port);
    expect(await kindOf("::ffff:127.0.0.1", server.port, signal)).toBe("node:net");
  });

  test.skipIf(noSilentLab)(
    because("dials with node:net again after, and during, an attempt without an answer", noSilentLab),
    async () => {
      const outcome = await runForJson<Outcome>(inSilentLab(7, commandFor("tests/programs/bun_silence.ts", ["7"])));
      expect(outcome).toEqual({ before: "Bun.connect", after: "node:net", meanwhile: "node:net" });
    },
  );
});
