import net from "node:net";
import { describe, expect, test } from "vitest";
import { connect, isSelfConnection } from "../../mod.ts";
import { selfConnectedPair } from "../../src/api/testing.ts";
import { runtime } from "../fixtures/runtime.ts";
import { echo, startServer } from "../fixtures/tcp_server.ts";

const end = (hostname: string, port: number): { hostname: string; port: number } => ({ hostname, port });

describe("isSelfConnection()", () => {
  test("knows a pair of endpoints, a Deno.TcpConn and a socket by their shapes", () => {
    const [a, b] = [end("127.0.0.1", 40000), end("127.0.0.1", 40001)];
    for (
      const [local, remote, isSelf] of [[a, a, true], [a, b, false], [a, end("::ffff:127.0.0.1", 40000), true]] as const
    ) {
      expect(isSelfConnection({ local, remote })).toBe(isSelf);
      expect(
        isSelfConnection({ localAddr: { transport: "tcp", ...local }, remoteAddr: { transport: "tcp", ...remote } }),
      ).toBe(isSelf);
      const [localAddress, localPort] = [local.hostname, local.port];
      const [remoteAddress, remotePort] = [remote.hostname, remote.port];
      expect(isSelfConnection({ localAddress, localPort, remoteAddress, remotePort })).toBe(isSelf);
    }
  });

  test("takes what is half open, a pipe or gone for no self-connection", () => {
    const local = end("127.0.0.1", 40000);
    expect(isSelfConnection({ local, remote: undefined })).toBe(false);
    expect(isSelfConnection({ local: null, remote: null })).toBe(false);
    expect(isSelfConnection({ localAddress: "127.0.0.1", localPort: 40000 })).toBe(false);
    expect(
      isSelfConnection({ localAddr: { transport: "unix", path: "/x" }, remoteAddr: { transport: "unix", path: "/x" } }),
    ).toBe(false);
    expect(isSelfConnection(new net.Socket())).toBe(false);
  });

  for (const value of [undefined, null, 7, "127.0.0.1:80", {}, [], () => {}]) {
    test(`has a TypeError for ${typeof value === "function" ? "a function" : JSON.stringify(value) ?? "undefined"}`, () => {
      expect(() => isSelfConnection(value as never)).toThrow(TypeError);
      expect(() => isSelfConnection(value as never)).toThrow(/^Cannot compare endpoints: /);
    });
  }

  test("tells a real self-connection from a real peer", async () => {
    const { socket: self, release } = await selfConnectedPair();
    expect(isSelfConnection(self)).toBe(true);
    await release();

    await using server = await startServer(echo);
    await using connection = await connect({ hostname: "127.0.0.1", port: server.port });
    expect(isSelfConnection(connection)).toBe(false);
    expect(isSelfConnection(connection.native as net.Socket)).toBe(false);
    const native = { deno: "localAddr", bun: "remotePort", node: "remotePort" }[runtime];
    expect(native in (connection.native as object)).toBe(true);
  });
});
