import { once } from "node:events";
import net from "node:net";
import { describe, expect, test } from "vitest";
import { connect, isSelfConnection } from "../../mod.ts";
import { deadPort, selfConnectedPair } from "../../src/api/testing.ts";
import { selfConnectAddress } from "../../src/host/loopback.ts";
import { because, inEmptyNamespace, noLab } from "../fixtures/lab.ts";
import { noProc } from "../fixtures/system.ts";
import { commandFor, runForJson } from "../fixtures/runtime.ts";
import { selfConnectionsOnPort } from "../programs/host_sockets.ts";
import type { DeadPortCount } from "../programs/client_dead_port.ts";

describe("selfConnectedPair()", () => {
  for (const hostname of new Set([selfConnectAddress(), "::1"])) {
    test(`connects a socket on ${hostname} to itself, and frees the port when released`, async () => {
      const { socket, local, remote, release } = await selfConnectedPair({ hostname });
      expect(isSelfConnection(socket)).toBe(true);
      expect(isSelfConnection({ local, remote })).toBe(true);
      expect(local.hostname).toBe(hostname);
      socket.write("hello");
      expect(String((await once(socket, "data"))[0])).toBe("hello");
      await release();
      await release();
      if (!noProc) expect(selfConnectionsOnPort(local.port)).toEqual([]);
      const server = net.createServer().listen(local.port, hostname);
      await once(server, "listening");
      server.close();
    });
  }

  test("does so every time, on the port it is given too", async () => {
    const { local: { port }, release } = await selfConnectedPair();
    await release();
    for (let round = 0; round < 10; round++) {
      await using pair = await selfConnectedPair({ port });
      expect([pair.local.port, pair.remote.port]).toEqual([port, port]);
    }
  });

  test("rejects with EADDRINUSE for a port on which somebody listens", async () => {
    const server = net.createServer().listen(0, selfConnectAddress());
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    await expect(selfConnectedPair({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    server.close();
  });

  test("rejects what is no address and no port before it opens anything", async () => {
    await expect(selfConnectedPair({ hostname: "localhost" })).rejects.toThrow(TypeError);
    for (const port of [0, 65536, 1.5]) await expect(selfConnectedPair({ port })).rejects.toThrow(RangeError);
    for (const options of [null, "::1", 5]) {
      await expect(selfConnectedPair(options as never)).rejects.toThrow("options must be an object, got ");
    }
    await expect(selfConnectedPair({ hostname: 5 } as object)).rejects.toThrow("hostname must be an IP address, got 5");
  });

  test("takes no option from Object.prototype", async () => {
    for (const [name, value] of Object.entries({ hostname: "nobody.test", port: 1 })) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: true, writable: true });
      const pair = await selfConnectedPair().finally(() => Reflect.deleteProperty(Object.prototype, name));
      expect(pair.local.hostname).toBe(selfConnectAddress());
      await pair.release();
    }
  });
});

describe("deadPort()", () => {
  test("is something to connect to as it is", async () => {
    await using dead = await deadPort();
    await expect(connect(dead)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await expect(connect({ ...dead, timeout: 5000 })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("refuses on every loopback address until it is released", async () => {
    const dead = await deadPort();
    for (const hostname of [dead.hostname, "::1", "localhost"]) {
      const error = await connect({ hostname, port: dead.port }).catch((error) => error);
      expect([hostname, error.code, error.name]).toEqual([hostname, "ECONNREFUSED", expect.not.stringMatching("Self")]);
    }
    await dead.release();
    await dead.release();
    if (!noProc) expect(selfConnectionsOnPort(dead.port)).toEqual([]);
  });

  test("gives out as many as are asked for, all different", async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, () => deadPort()));
    expect(new Set(ports.map(({ port }) => port)).size).toBe(20);
    await Promise.all(ports.map((dead) => dead[Symbol.asyncDispose]()));
  });

  // Eight ports for everybody, none of the parity that only servers get: one that is not held meets its dialer soon.
  const fewPorts = `
    echo "41001 41016" > /proc/sys/net/ipv4/ip_local_port_range
    seq -s, 41002 2 41016 > /proc/sys/net/ipv4/ip_local_reserved_ports
    exec "$@"`;
  test.skipIf(noLab)(
    because("is given by the kernel to nobody, where a port merely closed is given to its dialer", noLab),
    async () => {
      const command = commandFor("tests/programs/client_dead_port.ts");
      const count = await runForJson<DeadPortCount>(inEmptyNamespace(["sh", "-c", fewPorts, "sh", ...command]));
      expect(count.held).toEqual({ ECONNREFUSED: 500 });
      expect(count.servers).not.toContain(count.port);
      expect(count.released["connected to itself"]).toBeGreaterThan(0);
    },
  );
});
