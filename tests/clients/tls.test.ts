import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect as connectBun } from "../../src/adapters/bun.ts";
import { connect as connectDeno } from "../../src/adapters/deno.ts";
import { connect, createConnection, guardSocket } from "../../src/adapters/node.ts";
import { type Certificate, makeCertificate } from "../fixtures/certificate.ts";
import { runtime } from "../fixtures/runtime.ts";

/** What is another runtime's own has nothing to be skipped here. */
function testOn(name: typeof runtime, title: string, run: () => Promise<void>): void {
  if (runtime === name) test(title, run);
}

describe("TLS over a guarded connection, to a real TLS server", () => {
  const folder = mkdtempSync(join(tmpdir(), "realpeer-tls-"));
  let certificate!: Certificate;
  let server!: tls.Server;
  let port = 0;

  beforeAll(async () => {
    certificate = makeCertificate(folder);
    const { key, cert } = certificate;
    // Says who asks for it, which only a server that has the key can.
    server = tls.createServer({ key, cert }, (socket) => {
      socket.on("error", () => {});
      socket.on("data", (chunk) => socket.end(`real ${chunk}`));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    port = (server.address() as net.AddressInfo).port;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function answerOf(socket: tls.TLSSocket): Promise<string> {
    let answer = "";
    socket.on("data", (chunk) => answer += chunk);
    socket.write("peer");
    await once(socket, "end");
    expect(socket.authorized).toBe(true);
    return answer;
  }
  const overSocket = (socket: net.Socket): Promise<string> =>
    answerOf(tls.connect({ socket, ca: certificate.cert, servername: "localhost" }));

  test("tls.connect over createConnection, connecting", async () => {
    expect(await overSocket(createConnection(port, "127.0.0.1"))).toBe("real peer");
  });

  test("tls.connect over guardSocket, connecting", async () => {
    expect(await overSocket(guardSocket(new net.Socket()).connect(port, "127.0.0.1"))).toBe("real peer");
  });

  test("tls.connect over createConnection, connected", async () => {
    const socket = createConnection(port, "127.0.0.1");
    await once(socket, "connect");
    expect(await overSocket(socket)).toBe("real peer");
  });

  test("tls.connect over what connect() resolved with", async () => {
    expect(await overSocket(await connect({ host: "127.0.0.1", port }))).toBe("real peer");
  });

  test("a guarded tls.connect", async () => {
    const options = { host: "127.0.0.1", port, ca: certificate.cert, servername: "localhost" };
    expect(await answerOf(guardSocket(tls.connect(options)))).toBe("real peer");
  });

  testOn("deno", "Deno.startTls over connect()", async () => {
    const conn = await connectDeno({ hostname: "127.0.0.1", port });
    const tlsConn = await Deno.startTls(conn, { hostname: "localhost", caCerts: [certificate.cert] });
    await tlsConn.handshake();
    await tlsConn.write(new TextEncoder().encode("peer"));
    expect(await new Response(tlsConn.readable).text()).toBe("real peer");
  });

  /** Handlers that ask, and the answer they get. */
  function asker(): { handlers: Bun.SocketHandler<undefined>; answer: Promise<string> } {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let answer = "";
    const handlers: Bun.SocketHandler<undefined> = {
      handshake(socket, isAuthorized, error) {
        if (isAuthorized) socket.write("peer");
        else reject(error);
      },
      data: (_, chunk) => void (answer += chunk),
      close: () => resolve(answer),
      error: (_, error) => reject(error),
    };
    return { handlers, answer: promise };
  }

  testOn("bun", "socket.upgradeTLS over connect()", async () => {
    const { handlers, answer } = asker();
    const socket = await connectBun({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.upgradeTLS({ tls: { ca: certificate.cert, serverName: "localhost" }, socket: handlers });
    expect(await answer).toBe("real peer");
  });

  testOn("bun", "connect() with the tls option of Bun.connect", async () => {
    const { handlers, answer } = asker();
    const tls = { ca: certificate.cert, serverName: "localhost" };
    await connectBun({ hostname: "127.0.0.1", port, tls, socket: handlers });
    expect(await answer).toBe("real peer");
  });
});
