import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo, LookupFunction } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createServer } from "node:tls";
import { describe, expect, test } from "vitest";
import { connect as connectPortably } from "../../mod.ts";
import { connect } from "../../src/adapters/node.ts";
import { lookupWith } from "../../src/adapters/node/lookup.ts";
import { deadPort } from "../../src/api/testing.ts";
import { makeCertificate } from "../fixtures/certificate.ts";
import { startServer } from "../fixtures/tcp_server.ts";

/** A caller's function that finds these addresses. */
const finding = (...found: string[]): LookupFunction => (_hostname, _options, callback) =>
  callback(null, found.map((address) => ({ address, family: 4 })));

describe("a lookup function of the caller's", () => {
  test("may find one address or several", async () => {
    const one: LookupFunction = (_hostname, _options, callback) => callback(null, "10.0.0.1", 4);
    expect(await lookupWith({ lookup: one })("db")).toEqual(["10.0.0.1"]);
    expect(await lookupWith({ lookup: finding("10.0.0.1", "10.0.0.2") })("db")).toEqual(["10.0.0.1", "10.0.0.2"]);
  });

  test("is asked for all addresses, with the caller's options", async () => {
    const asked: unknown[] = [];
    const noting: LookupFunction = (hostname, options, callback) => {
      asked.push([hostname, options]);
      callback(null, [{ address: "::1", family: 6 }]);
    };
    await lookupWith({ lookup: noting, family: 6, hints: 8 })("db");
    expect(asked).toEqual([["db", { all: true, family: 6, hints: 8 }]]);
  });

  for (const options of [{}, { retry: { maxAttempts: 2, initialDelay: 1 } }, { attemptTimeout: 100 }]) {
    test(`that finds none fails the attempt (${JSON.stringify(options)})`, async () => {
      const connecting = connect({ host: "db", port: 1, lookup: finding(), ...options });
      await expect(connecting).rejects.toBeInstanceOf(Error);
    });
  }

  for (const retry of [false, true]) {
    test(`is asked by /node, and what it must be is said (retry ${retry})`, async () => {
      const connecting = connect({ host: "db", port: 1, lookup: "dns" as never, retry });
      await expect(connecting).rejects.toThrow('Cannot connect: lookup must be a function, got "dns"');
    });
  }

  test("that finds none is a name that does not resolve", async () => {
    await expect(lookupWith({ lookup: finding() })("db")).rejects.toMatchObject({
      code: "ENOTFOUND",
      message: "Cannot look up db: it has no address",
    });
  });
});

describe("a name below localhost, which not every system knows", () => {
  const ways: Readonly<Record<string, object>> = {
    "no option": {},
    timeout: { timeout: 10_000 },
    attemptTimeout: { attemptTimeout: 10_000 },
    localAddress: { localAddress: "127.0.0.1" },
    retry: { retry: { maxAttempts: 1 } },
  };
  for (const [way, options] of Object.entries(ways)) {
    test(`means loopback with ${way}`, async () => {
      await using server = await startServer(() => {});
      const target = { hostname: "App.LocalHost.", port: server.port, ...options };
      const connection = await connectPortably(target);
      expect(connection.remote.hostname).toBe("127.0.0.1");
      await connection.close();
      const socket = await connect(target);
      expect(socket.remoteAddress).toBe("127.0.0.1");
      socket.destroy();
    });
  }

  test("means loopback of the IP version that the options of node:net ask for", async () => {
    await using server = await startServer(() => {});
    const target = { hostname: "app.localhost", port: server.port };
    const socket = await connect({ ...target, family: 4, hints: 0 });
    expect(socket.remoteAddress).toBe("127.0.0.1");
    socket.destroy();
    await expect(connect({ ...target, family: 6 })).rejects.toMatchObject({ code: "ECONNREFUSED", address: "::1" });
  });

  test("is refused as an address is", async () => {
    await using dead = await deadPort();
    const { port } = dead;
    const connecting = connectPortably({ hostname: "app.localhost", port });
    await expect(connecting).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

test("a socket knows the name that was dialed, and TLS over it verifies the peer by that name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "realpeer-lookup-"));
  const { cert, key } = makeCertificate(folder);
  const server = createServer({ cert, key }, (socket) => socket.on("error", () => {})).on("tlsClientError", () => {});
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  try {
    // The certificate is for localhost, which is also what node:tls verifies when it knows no name.
    for (const [host, verified] of [["localhost", true], ["other.example", false]] as const) {
      for (const retry of [false, true]) {
        const socket = await connect({ host, port, retry, lookup: finding("127.0.0.1"), timeout: 5000 });
        const secure = connectTls({ socket, ca: cert });
        const outcome = await once(secure, "secureConnect").then(() => true, ({ code }) => code);
        expect([host, retry, outcome]).toEqual([host, retry, verified || "ERR_TLS_CERT_ALTNAME_INVALID"]);
        secure.destroy();
      }
    }
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
