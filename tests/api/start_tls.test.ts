import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type Connection, type ConnectOptions } from "../../mod.ts";
import { type Certificate, makeCertificate } from "../fixtures/certificate.ts";
import { because } from "../fixtures/lab.ts";
import type { RunningServer } from "../fixtures/daemon.ts";
import { runtime } from "../fixtures/runtime.ts";
import { servers } from "../fixtures/servers.ts";
import { unusedPort } from "../fixtures/tcp_server.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** PostgreSQL's ReadyForQuery, idle. */
const READY = "Z\0\0\0\x05I";

const ways: Readonly<Record<string, Partial<ConnectOptions>>> = {
  "the runtime's own connect": {},
  "node:net": { localAddress: "127.0.0.1" },
};

async function write(connection: Connection, text: string | Uint8Array): Promise<void> {
  const writer = connection.writable.getWriter();
  await writer.write(typeof text === "string" ? bytes(text) : text);
  writer.releaseLock();
}

/** The next bytes as text, as soon as they end with `end`. */
async function readUntil(connection: Connection, end: string): Promise<string> {
  const reader = connection.readable.getReader();
  let text = "";
  while (!text.endsWith(end)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The peer ended after ${JSON.stringify(text)}`);
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return text;
}

/** The names that clients have sent in their handshakes. */
const serverNames: unknown[] = [];

/** An SMTP server as far as STARTTLS goes; over TLS it answers whatever it is told. Its script is that of RFC 3207. */
function startSmtp(certificate: Certificate): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.write("220 mail.example ESMTP\r\n");
    const onData = (data: Uint8Array): void => {
      const line = String(data);
      if (line === "EHLO client\r\n") socket.write("250-mail.example\r\n250 STARTTLS\r\n");
      else if (line === "INJECT\r\n") socket.write("220 go ahead\r\n250 injected\r\n");
      else if (line === "MUTE\r\n") socket.write("220 go ahead\r\n");
      else if (line === "STARTTLS\r\n") {
        socket.off("data", onData);
        socket.write("220 go ahead\r\n");
        const secure = new tls.TLSSocket(socket, { isServer: true, key: certificate.key, cert: certificate.cert });
        secure.on("error", () => {});
        secure.on("data", (chunk) => secure.write(chunk)).on("end", () => secure.end());
        secure.once("data", () => serverNames.push(Reflect.get(secure, "servername")));
      } else socket.destroy();
    };
    socket.on("data", onData);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

describe("startTls()", () => {
  const folder = mkdtempSync(join(tmpdir(), "realpeer-start-tls-"));
  let certificate!: Certificate;
  let server!: net.Server;
  let port = 0;

  beforeAll(async () => {
    certificate = makeCertificate(folder);
    server = await startSmtp(certificate);
    port = (server.address() as net.AddressInfo).port;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  /** A connection on which the server has been asked for TLS. */
  async function askForTls(extra: Partial<ConnectOptions>, command = "STARTTLS"): Promise<Connection> {
    const connection = await connect({ hostname: "127.0.0.1", port, ...extra });
    await readUntil(connection, "ESMTP\r\n");
    await write(connection, "EHLO client\r\n");
    await readUntil(connection, "250 STARTTLS\r\n");
    await write(connection, `${command}\r\n`);
    return connection;
  }

  for (const [way, extra] of Object.entries(ways)) {
    describe(`over ${way}`, () => {
      const afterStartTls = (command?: string): Promise<Connection> => askForTls(extra, command);

      test("goes on over TLS after plain text, carries 3 MB both ways, and ends in order", async () => {
        const plain = await afterStartTls();
        await readUntil(plain, "220 go ahead\r\n");
        const secure = await plain.startTls({ hostname: "localhost", ca: certificate.cert });
        expect({ local: secure.local, remote: secure.remote }).toEqual({ local: plain.local, remote: plain.remote });
        expect(secure.native).toBeInstanceOf(tls.TLSSocket);
        const sent = Buffer.alloc(3_000_000, "0123456789");
        const writer = secure.writable.getWriter();
        const writing = writer.write(new Uint8Array(sent)).then(() => writer.close());
        const received: Uint8Array[] = [];
        for await (const chunk of secure.readable) received.push(chunk);
        await writing;
        expect(Buffer.compare(Buffer.concat(received), sent)).toBe(0);
        await Promise.all([secure.closed, plain.closed]);
      });

      test("sends everything to a peer that reads late", async () => {
        let received = 0;
        const peers: tls.TLSSocket[] = [];
        const late = tls.createServer(certificate, (socket) => {
          peers.push(socket.on("error", () => {}).on("data", (chunk) => received += chunk.length).pause());
        });
        await new Promise<void>((resolve) => late.listen(0, "127.0.0.1", resolve));
        const { port } = late.address() as net.AddressInfo;
        const plain = await connect({ hostname: "127.0.0.1", port, ...extra });
        const secure = await plain.startTls({ ca: certificate.cert });
        const writer = secure.writable.getWriter();
        let written = 0;
        for (let i = 0; i < 50; i++) writer.write(new Uint8Array(400_000)).then(() => written++, () => {});
        await sleep(300);
        // What the two kernels hold, and what is on its way. The paused server of Deno's node:tls may take it all.
        if (runtime !== "deno") expect(written).toBeLessThan(40);
        for (const peer of peers) peer.resume();
        await secure.close();
        await secure.closed;
        for (let turns = 0; turns < 100 && received < 20_000_000; turns++) await sleep(20);
        expect({ written, received }).toEqual({ written: 50, received: 20_000_000 });
        late.close();
      });

      test("has a write that the peer does not take fail when the connection is dropped", async () => {
        const deaf = tls.createServer(certificate, (socket) => void socket.on("error", () => {}).pause());
        await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
        const { port } = deaf.address() as net.AddressInfo;
        const plain = await connect({ hostname: "127.0.0.1", port, ...extra });
        const secure = await plain.startTls({ ca: certificate.cert });
        const writing = secure.writable.getWriter().write(new Uint8Array(64_000_000));
        // Early: the paused server of Deno's node:tls takes what it can.
        setTimeout(() => secure.reset(), 10);
        await expect(writing).rejects.toMatchObject({ code: "ECONNABORTED" });
        deaf.close();
      });

      test("rejects when the connection is closed during the handshake", async () => {
        const mute = net.createServer((socket) => void socket.on("error", () => {}).resume());
        await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
        const { port } = mute.address() as net.AddressInfo;
        const plain = await connect({ hostname: "127.0.0.1", port, ...extra });
        const starting = plain.startTls({ hostname: "localhost", ca: certificate.cert });
        const failure = expect(starting).rejects.toMatchObject({ code: "ECONNABORTED" });
        await sleep(50);
        await Promise.all([failure, plain.close()]);
        await plain.closed;
        mute.close();
      });

      test("trusts nobody for what stands on Object.prototype", async () => {
        for (const [name, value] of [["insecure", true], ["ca", certificate.cert]] as const) {
          const plain = await afterStartTls();
          await readUntil(plain, "220 go ahead\r\n");
          Object.defineProperty(Object.prototype, name, { value, configurable: true });
          const failure = plain.startTls({ hostname: "localhost" }).catch((error) => error);
          const error = await failure.finally(() => Reflect.deleteProperty(Object.prototype, name));
          expect(error, name).toMatchObject({ code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/) });
        }
      });

      test("verifies an address as it was dialed, also some time after the last read", async () => {
        const plain = await afterStartTls();
        await readUntil(plain, "220 go ahead\r\n");
        await sleep(100);
        await using secure = await plain.startTls({ ca: certificate.cert });
        await write(secure, "hello");
        expect(await readUntil(secure, "hello")).toBe("hello");
      });

      test("takes a mapped address, one with a zone and a name with the root's dot as what certificates know", async () => {
        for (const hostname of ["::ffff:127.0.0.1", "::ffff:7f00:1%lo", "localhost."]) {
          const plain = await afterStartTls();
          await readUntil(plain, "220 go ahead\r\n");
          await using secure = await plain.startTls({ hostname, ca: certificate.cert });
          await write(secure, "hello");
          expect(await readUntil(secure, "hello"), hostname).toBe("hello");
        }
        expect(serverNames).toContain("localhost");
        expect(serverNames).not.toContain("localhost.");
      });

      test("rejects a peer that the authorities do not vouch for, and drops the connection", async () => {
        const plain = await afterStartTls();
        await readUntil(plain, "220 go ahead\r\n");
        const failure = await plain.startTls({ hostname: "localhost" }).catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
        expect(await plain.closed.catch((error: unknown) => error)).toBe(failure);
      });

      test("rejects a certificate for another name", async () => {
        const plain = await afterStartTls();
        await readUntil(plain, "220 go ahead\r\n");
        await expect(plain.startTls({ hostname: "other.example", ca: certificate.cert })).rejects.toMatchObject({
          code: "ERR_TLS_CERT_ALTNAME_INVALID",
        });
      });

      test("takes any certificate with insecure", async () => {
        const plain = await afterStartTls();
        await readUntil(plain, "220 go ahead\r\n");
        await using secure = await plain.startTls({ hostname: "other.example", insecure: true });
        await write(secure, "hello");
        expect(await readUntil(secure, "hello")).toBe("hello");
      });

      test("refuses while a read is pending, and leaves the connection as it is", async () => {
        await using plain = await connect({ hostname: "127.0.0.1", port, ...extra });
        await readUntil(plain, "ESMTP\r\n");
        const reader = plain.readable.getReader();
        const read = reader.read();
        await expect(plain.startTls({ ca: certificate.cert })).rejects.toThrow("Cannot start TLS: a read is pending");
        await write(plain, "EHLO client\r\n");
        expect(new TextDecoder().decode((await read).value)).toContain("250");
      });

      test("refuses with plain text that was not read: it may have been injected", async () => {
        await using plain = await afterStartTls("INJECT");
        await sleep(100);
        await expect(plain.startTls({ ca: certificate.cert })).rejects.toThrow("that have arrived were not read");
      });

      test("refuses with a write that has not been sent", async () => {
        const plain = await connect({ hostname: "127.0.0.1", port, ...extra });
        await readUntil(plain, "ESMTP\r\n");
        const writing = write(plain, new Uint8Array(50_000_000)).catch(() => {});
        await expect(plain.startTls({ ca: certificate.cert })).rejects.toThrow("a write has not been sent");
        plain.reset();
        await writing;
      });

      test("ends by reset() while the peer is silent", async () => {
        const plain = await afterStartTls("MUTE");
        await readUntil(plain, "220 go ahead\r\n");
        const starting = plain.startTls({ ca: certificate.cert });
        setTimeout(() => plain.reset(), 100);
        await expect(starting).rejects.toThrow();
      });

      test("reports a reset of the peer as one, over TLS too", async () => {
        const sockets: net.Socket[] = [];
        const onConnection = (socket: net.Socket): void => void sockets.push(socket);
        server.on("connection", onConnection);
        const plain = await afterStartTls();
        server.off("connection", onConnection);
        await readUntil(plain, "220 go ahead\r\n");
        const secure = await plain.startTls({ ca: certificate.cert });
        sockets[0]!.resetAndDestroy();
        await expect(secure.closed).rejects.toMatchObject({ code: "ECONNRESET" });
        await expect(secure.readable.getReader().read()).rejects.toMatchObject({ code: "ECONNRESET" });
      });

      test("goes on after a reader was released that had waited in vain", async () => {
        const plain = await afterStartTls();
        await readUntil(plain, "220 go ahead\r\n");
        const reader = plain.readable.getReader();
        const read = reader.read().catch(() => {});
        await sleep(5);
        reader.releaseLock();
        await read;
        await using secure = await plain.startTls({ hostname: "localhost", ca: certificate.cert });
        expect(secure.remote.port).toBe(port);
      });

      test("knows its options, and what they may be", async () => {
        await using plain = await connect({ hostname: "127.0.0.1", port, ...extra });
        const misspelt = { hostname: "localhost", caCerts: [certificate.cert] };
        await expect(plain.startTls(misspelt)).rejects.toThrow('unknown option "caCerts"');
        const wrong: readonly [options: unknown, says: string][] = [
          // An empty name must not become one that any certificate for localhost is good for.
          [{ hostname: "" }, 'Cannot start TLS: hostname must be a name or an address, got ""'],
          [{ hostname: null }, "Cannot start TLS: hostname must be a name or an address, got null"],
          [{ hostname: "a b" }, 'Cannot start TLS: hostname must be a name or an address, got "a b"'],
          [{ insecure: "false" }, 'Cannot start TLS: insecure must be true or false, got "false"'],
          [{ ca: 5 }, "Cannot start TLS: ca must be PEM text, with a line that begins with -----BEGIN, or a list"],
          [{ ca: [certificate.cert, null] }, "Cannot start TLS: ca must be PEM text, with a line"],
          [{ ca: "nonsense" }, "or a list of such texts, got another text"],
          [{ key: {} }, "Cannot start TLS: key must be PEM text, with a line that begins with -----BEGIN, got [object"],
          [
            { key: "secret" },
            "Cannot start TLS: key must be PEM text, with a line that begins with -----BEGIN, got another",
          ],
          [{ cert: certificate.cert }, "Cannot start TLS: give cert and key together"],
          [{ key: certificate.key, cert: undefined }, "Cannot start TLS: give cert and key together"],
          [{ alpnProtocols: [""] }, "Cannot start TLS: alpnProtocols must be a list of names of 1 to 255 bytes"],
          [{ alpnProtocols: "h2" }, "Cannot start TLS: alpnProtocols must be a list of names of 1 to 255 bytes"],
          [null, "Cannot start TLS: options must be an object, got null"],
          [5, "Cannot start TLS: options must be an object, got 5"],
        ];
        for (const [options, says] of wrong) {
          const error: unknown = await plain.startTls(options as never).catch((error: unknown) => error);
          expect(error).toBeInstanceOf(TypeError);
          expect((error as Error).message).toContain(says);
        }
        // Nothing was sent, and the connection is as it was.
        await readUntil(plain, "ESMTP\r\n");
      });
    });
  }
});

const postgres = servers["postgres over TLS"];

describe.skipIf(postgres.missing)(because("startTls() with PostgreSQL", postgres.missing), () => {
  const folder = mkdtempSync(join(tmpdir(), "realpeer-postgres-"));
  let server: RunningServer | undefined;
  let port = 0;
  let ca = "";

  beforeAll(async () => {
    postgres.prepare(folder);
    port = await unusedPort();
    server = await postgres.start(folder, port);
    ca = readFileSync(join(folder, "cert.pem"), "utf8");
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  /** A session over TLS; undefined while the server is starting up. */
  async function logIn(extra: Partial<ConnectOptions>): Promise<Connection | undefined> {
    const plain = await connect({ hostname: "127.0.0.1", port, ...extra });
    // Length and code of the message that asks for TLS.
    await write(plain, new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]));
    expect(await readUntil(plain, "S")).toBe("S");
    const secure = await plain.startTls({ hostname: "localhost", ca });
    const settings = bytes("user\0postgres\0database\0postgres\0\0");
    await write(secure, new Uint8Array([0, 0, 0, settings.length + 8, 0, 3, 0, 0, ...settings]));
    const answer = await readUntil(secure, READY).catch((error: Error) => error.message);
    if (answer.endsWith(READY)) return secure;
    expect(answer).toContain("starting up");
    return undefined;
  }

  for (const [way, extra] of Object.entries(ways)) {
    test(`after its SSLRequest, over ${way}`, async () => {
      let session = await logIn(extra);
      for (; session === undefined; session = await logIn(extra)) await sleep(100);
      const query = bytes("select ssl, 6 * 7 as answer from pg_stat_ssl where pid = pg_backend_pid()\0");
      await write(session, new Uint8Array([0x51, 0, 0, 0, query.length + 4, ...query]));
      // One row of two columns: "t" and "42".
      expect(await readUntil(session, READY)).toContain("\0\x02\0\0\0\x01t\0\0\0\x0242");
      // Terminate: the server closes.
      await write(session, new Uint8Array([0x58, 0, 0, 0, 4]));
      await session.closed;
    });
  }
});

test("the certificate of a test is made by the test", async () => {
  const folder = mkdtempSync(join(tmpdir(), "realpeer-certificate-"));
  const { key, cert } = makeCertificate(folder);
  const server = tls.createServer({ key, cert }, (socket) => socket.on("error", () => {}).end("hello"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as net.AddressInfo;
  await using plain = await connect({ hostname: "localhost", port });
  await using secure = await plain.startTls({ ca: [cert], alpnProtocols: ["http/1.1"] });
  expect(await readUntil(secure, "hello")).toBe("hello");
  server.close();
  rmSync(folder, { recursive: true });
});
