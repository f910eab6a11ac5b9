import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConnectTimeoutError, waitForHttp } from "../../mod.ts";
import { deadPort } from "../../src/api/testing.ts";
import { makeCertificate } from "../fixtures/certificate.ts";
import { run as runServer } from "../fixtures/daemon.ts";
import { find, missing } from "../fixtures/find_program.ts";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { commandFor, root, run, runtime } from "../fixtures/runtime.ts";
import { echo, startServer, unusedPort } from "../fixtures/tcp_server.ts";

interface WebServer extends AsyncDisposable {
  readonly port: number;
}

async function listening(server: Server, host: string): Promise<WebServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve, reject) => server.on("error", reject).listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const serve = (listener: RequestListener, host = "127.0.0.1"): Promise<WebServer> =>
  listening(createServer(listener), host);

/** Why a wait of half a second was in vain. */
async function causeOf(url: string, options: Parameters<typeof waitForHttp>[1] = {}): Promise<unknown> {
  const error = await waitForHttp(url, { timeout: 500, ...options }).then(() => null, (error) => error);
  expect(error).toBeInstanceOf(ConnectTimeoutError);
  return (error as Error).cause;
}

describe("waitForHttp()", () => {
  test("waits through 503 until 200, and says how often it asked", async () => {
    let asked = 0;
    await using server = await serve((_request, response) => {
      response.statusCode = ++asked < 4 ? 503 : 200;
      response.end();
    });
    const result = await waitForHttp(`http://127.0.0.1:${server.port}/`);
    expect(result).toMatchObject({ status: 200, attempts: 4, selfConnects: 0 });
    expect(result.remote).toEqual({ hostname: "127.0.0.1", port: server.port });
    expect(asked).toBe(4);
  });

  const statuses: readonly [status: number, wanted: number | readonly number[] | undefined, counts: boolean][] = [
    [204, undefined, true],
    [301, undefined, true],
    [399, undefined, true],
    [400, undefined, false],
    [404, undefined, false],
    [404, 404, true],
    [200, 404, false],
    [401, [200, 401], true],
    [500, [200, 401], false],
  ];
  for (const [status, wanted, counts] of statuses) {
    test(`${status} ${counts ? "counts" : "does not count"} where ${wanted ?? "nothing"} is asked for`, async () => {
      await using server = await serve((_request, response) => {
        response.writeHead(status, { location: "http://127.0.0.1:1/" }).end();
      });
      const url = `http://127.0.0.1:${server.port}/`;
      if (counts) expect((await waitForHttp(url, { status: wanted })).status).toBe(status);
      else expect(await causeOf(url, { status: wanted })).toMatchObject({ code: "EHTTPSTATUS", status });
    });
  }

  test("a function may judge the status, an async one too", async () => {
    await using server = await serve((_request, response) => response.writeHead(418).end());
    const url = `http://127.0.0.1:${server.port}/`;
    for (const status of [(code: number) => code === 418, (code: number) => Promise.resolve(code === 418)]) {
      expect((await waitForHttp(url, { status })).status).toBe(418);
    }
    expect(await causeOf(url, { status: () => Promise.resolve(false) })).toMatchObject({ code: "EHTTPSTATUS" });
    const failing = waitForHttp(url, { status: () => Promise.reject(new Error("cannot judge")), timeout: 500 });
    await expect(failing).rejects.toThrow("cannot judge");
  });

  test("bytes behind an answer, which may not be there, take nothing from it", async () => {
    for (const answer of ["HTTP/1.1 204 No Content\r\n\r\n{}", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokmore"]) {
      await using server = await startServer((socket) => void socket.once("data", () => socket.end(answer)));
      const { status } = await waitForHttp(`http://127.0.0.1:${server.port}/`, { timeout: 5000 });
      expect(status).toBe(Number(answer.slice(9, 12)));
    }
  });

  test("headers are what fetch takes", async () => {
    let own: unknown;
    await using server = await serve(({ headers }, response) => {
      own = [headers["x-own"], headers["x-none"]];
      response.end();
    });
    const pairs = [["x-own", "1"]] as const;
    for (
      const headers of [new Headers({ "x-own": "1" }), new Map(pairs), pairs, { "x-own": ["1"], "x-none": undefined }]
    ) {
      await waitForHttp(`http://127.0.0.1:${server.port}/`, { headers });
      expect(own).toEqual(["1", undefined]);
    }
  });

  test("every line of a header is sent, under one name", async () => {
    let own: unknown;
    await using server = await serve(({ headersDistinct }, response) => {
      own = headersDistinct["x-own"];
      response.end();
    });
    const headers = [["x-own", "1"], ["X-Own", ["2", "3"]]] as const;
    await waitForHttp(`http://127.0.0.1:${server.port}/`, { headers });
    expect(own).toEqual(["1", "2", "3"]);
  });

  test("an option that is undefined is one left out", async () => {
    await using server = await serve((_request, response) => void setTimeout(() => response.end(), 2300));
    const options = { attemptTimeout: undefined, hostname: undefined, method: undefined };
    const { attempts } = await waitForHttp(`http://127.0.0.1:${server.port}/`, options);
    expect(attempts).toBe(1);
  });

  const refused: readonly [options: unknown, says: string][] = [
    [{ retries: 3 }, 'Cannot wait: unknown option "retries", known are method, headers, status, insecure,'],
    [{ host: "a" }, 'Cannot wait: unknown option "host", known are method, headers, status, insecure,'],
    [{ port: 1 }, "Cannot wait: port stands in the URL, leave it out"],
    [{ status: [] }, "Cannot wait: status must be a number from 100 to 999, a list of them, or a function, got"],
    [
      { status: [undefined] },
      "Cannot wait: status must be a number from 100 to 999, a list of them, or a function, got",
    ],
    [{ method: 5 }, "Cannot wait: method must be a token, got 5"],
    [{ method: "GE T" }, 'Cannot wait: method must be a token, got "GE T"'],
    [{ headers: null }, "Cannot wait: headers must be an object, got null"],
    [{ headers: { "a b": "1" } }, 'Cannot wait: the name of a header must be a token, got "a b"'],
    [
      { headers: { a: "1\r\nb: 2" } },
      "Cannot wait: the header a must be a line of text, or several",
    ],
    [{ headers: { a: ["1", 2] } }, "Cannot wait: the header a must be a line of text, or several"],
    [{ insecure: "false" }, 'Cannot wait: insecure must be true or false, got "false"'],
    [
      { status: Object.create(null) },
      "Cannot wait: status must be a number from 100 to 999, a list of them, or a function, got [object",
    ],
    [{ timeout: Object.create(null) }, "Cannot connect: timeout must be 0 or more milliseconds, got [object Object]"],
  ];
  for (const [options, says] of refused) {
    test(`is refused before anything is dialed: ${Object.keys(options as object ?? {})}, ${says}`, async () => {
      const error: unknown = await waitForHttp("http://127.0.0.1:1/", options as never).catch((error: unknown) =>
        error
      );
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain(says);
    });
  }

  test("a user that is not percent-encoded is refused before anything is dialed", async () => {
    await expect(waitForHttp("http://u:100%@127.0.0.1:1/")).rejects.toThrow(
      'Cannot wait: url must be percent-encoded where it has a user, got "127.0.0.1:1"',
    );
  });

  test("asks as it is told: method, path, query, headers, and the user of the URL", async () => {
    let seen: unknown;
    await using server = await serve(({ method, url, headers }, response) => {
      const { authorization, host, connection } = headers;
      seen = { method, url, authorization, host, connection, own: headers["x-own"] };
      response.end();
    });
    const url = `http://me%40x:p%3Aq@localhost:${server.port}/a%20b/?c=d&e=%26#hash`;
    await waitForHttp(new URL(url), { method: "HEAD", headers: { "X-Own": "1" } });
    const authorization = `Basic ${Buffer.from("me@x:p:q").toString("base64")}`;
    const host = `localhost:${server.port}`;
    const path = "/a%20b/?c=d&e=%26";
    expect(seen).toEqual({ method: "HEAD", url: path, authorization, host, connection: "close", own: "1" });
  });

  test("an IPv6 host", async () => {
    await using server = await serve((_request, response) => response.end(), "::1");
    const { remote } = await waitForHttp(`http://[::1]:${server.port}/`);
    expect(remote).toEqual({ hostname: "::1", port: server.port });
  });

  test("a body of 100 MB is not read to its end", async () => {
    let written = 0;
    const chunk = Buffer.alloc(1 << 20);
    await using server = await serve((_request, response) => {
      const write = (): void => {
        while (written < 100 && !response.destroyed) {
          written++;
          if (!response.write(chunk)) return void response.once("drain", write);
        }
        response.end();
      };
      write();
    });
    expect((await waitForHttp(`http://127.0.0.1:${server.port}/`)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(written).toBeLessThan(50);
  });

  test("40 KB of headers, which browsers take as well", async () => {
    await using server = await serve((_request, response) => {
      response.setHeader("set-cookie", Array.from({ length: 10 }, (_, cookie) => `c${cookie}=${"x".repeat(4000)}`))
        .end();
    });
    expect((await waitForHttp(`http://127.0.0.1:${server.port}/`)).status).toBe(200);
  });

  test("the answer to CONNECT", async () => {
    await using server = await startServer((socket) =>
      socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"))
    );
    const { status } = await waitForHttp(`http://127.0.0.1:${server.port}/`, { method: "CONNECT", timeout: 2000 });
    expect(status).toBe(200);
  });

  test("chunked answers, and informational ones before", async () => {
    await using early = await startServer((socket) => {
      socket.once(
        "data",
        () =>
          socket.end(
            "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
          ),
      );
    });
    expect((await waitForHttp(`http://127.0.0.1:${early.port}/`)).status).toBe(200);
  });

  const foreign: Readonly<Record<string, readonly [listener: (socket: Socket) => void, code: string]>> = {
    "an echo of the request": [echo, "EPROTO"],
    "another protocol": [(socket) => socket.write("220 mail.example ESMTP\r\n"), "EPROTO"],
    "HTTP/0.9": [(socket) => void socket.once("data", () => socket.end("<html>")), "EPROTO"],
    "an end in the middle of the headers": [
      (socket) => void socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nx:")),
      "ECONNRESET",
    ],
    "an end without an answer": [(socket) => void socket.once("data", () => socket.end()), "ECONNRESET"],
    "a reset": [(socket) => void socket.once("data", () => socket.resetAndDestroy()), "ECONNRESET"],
  };
  for (const [name, [listener, code]] of Object.entries(foreign)) {
    test(`${name} is not ready, and asked again`, async () => {
      await using server = await startServer(listener);
      expect(await causeOf(`http://127.0.0.1:${server.port}/`)).toMatchObject({ code });
      expect(server.sockets.length).toBeGreaterThan(1);
    });
  }

  test("a server that accepts and never answers is given up after attemptTimeout, and in the end", async () => {
    await using server = await startServer((socket) => socket.resume().on("end", () => socket.end()));
    const cause = await causeOf(`http://127.0.0.1:${server.port}/`, { attemptTimeout: 100, timeout: 700 });
    expect(cause).toBeInstanceOf(ConnectTimeoutError);
    expect(server.sockets.length).toBeGreaterThan(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const open = await new Promise((resolve) => server.server.getConnections((_error, count) => resolve(count)));
    expect(open).toBe(0);
  });

  test("a port on which nobody listens yet", async () => {
    await using dead = await deadPort();
    expect(await causeOf(`http://127.0.0.1:${dead.port}/`)).toMatchObject({ code: "ECONNREFUSED" });
  });

  test("an abort ends it with the reason", async () => {
    await using server = await startServer((socket) => socket.resume());
    const reason = new Error("enough");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    const { signal } = controller;
    await expect(waitForHttp(`http://127.0.0.1:${server.port}/`, { signal })).rejects.toBe(reason);
  });

  test("a proxy of the environment is not asked", async () => {
    await using proxy = await startServer((socket) =>
      void socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\n"))
    );
    await using dead = await deadPort();
    const url = `http://127.0.0.1:${proxy.port}`;
    const env = { HTTP_PROXY: url, http_proxy: url, ALL_PROXY: url, NODE_USE_ENV_PROXY: "1", NO_PROXY: "" };
    const args = ["wait", `http://127.0.0.1:${dead.port}/`, "-t", "500ms"];
    const { code } = await run(commandFor("src/cli/main.ts", args), { env });
    expect([code, proxy.sockets.length]).toEqual([1, 0]);
  });

  for (const url of ["localhost:3000", "ftp://x/", "", "/path", "http://"]) {
    test(`${JSON.stringify(url)} is a TypeError`, async () => {
      await expect(waitForHttp(url)).rejects.toThrow(TypeError);
    });
  }
  const wrong: readonly object[] = [{ status: "ok" }, { status: [] }, { status: 20 }, { port: 1 }, { nonsense: 1 }];
  for (const options of wrong) {
    test(`${JSON.stringify(options)} is a TypeError`, async () => {
      await expect(waitForHttp("http://127.0.0.1:1/", options)).rejects.toThrow(TypeError);
    });
  }
});

const noOpenssl = missing(["openssl", find("openssl")]);
describe.skipIf(noOpenssl)(because("waitForHttp() over TLS", noOpenssl), () => {
  const folder = mkdtempSync(join(tmpdir(), "realpeer-tls-"));
  const names: unknown[] = [];
  const secure = async (): Promise<WebServer> => {
    const { key, cert } = makeCertificate(folder);
    const server = createSecureServer({ key, cert }, (_request, response) => response.writeHead(204).end());
    server.on("secureConnection", (socket) => names.push(socket.servername));
    return await listening(server, "127.0.0.1");
  };

  test("a certificate that has signed itself is final, and named; insecure takes it, with the name sent", async () => {
    await using server = await secure();
    const url = `https://localhost:${server.port}/`;
    const error = await waitForHttp(url, { timeout: 5000 }).then(() => null, (error) => error);
    expect(error).toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    names.length = 0;
    expect((await waitForHttp(url, { insecure: true })).status).toBe(204);
    expect(names).toEqual(["localhost"]);
    expect((await waitForHttp(`https://127.0.0.1:${server.port}/`, { insecure: true })).status).toBe(204);
  });

  test("a server without TLS is not ready", async () => {
    await using server = await serve((_request, response) => response.end());
    expect(await causeOf(`https://127.0.0.1:${server.port}/`)).toMatchObject({ code: "EPROTO" });
  });
});

test("a connection whose answer does not count is closed, although its server keeps it open", async () => {
  const answer = "HTTP/1.1 503 Busy\r\ncontent-length: 1000\r\n\r\nnot all of it";
  await using server = await startServer((socket) => void socket.once("data", () => socket.write(answer)));
  const failed = waitForHttp(`http://127.0.0.1:${server.port}/`, { timeout: 300, retry: { initialDelay: 10 } });
  await expect(failed).rejects.toBeInstanceOf(ConnectTimeoutError);
  expect(server.sockets.length).toBeGreaterThan(1);
  await expect.poll(() => server.sockets.filter((socket) => !socket.readableEnded && !socket.destroyed)).toEqual([]);
});

describe("a self-connection", () => {
  test.skipIf(noLab)(because("is never an answer, and leaves nothing on the port", noLab), async () => {
    const words = commandFor("src/cli/main.ts", ["wait", `http://127.0.0.1:${LAB_PORT}/`, "-t", "700ms", "--json"]);
    const script = `"$@"; echo "status $?"; ss -Htan "sport = :${LAB_PORT}"`;
    const { stdout } = await run(inLab(["bash", "-c", script, "bash", ...words]));
    const [json = "", after] = stdout.split("status ");
    const { ready, targets: [target] } = JSON.parse(json);
    expect(ready).toBe(false);
    expect(target.selfConnects).toBeGreaterThan(0);
    expect(target.selfConnects).toBe(target.attempts);
    expect(after).toBe("1\n");
  });
});

describe("real servers", () => {
  const page = "addEventListener";
  const kinds: Readonly<Record<string, readonly [missing: string | undefined, command: (port: number) => string[]]>> = {
    "Deno.serve": [runtime === "deno" ? undefined : "this is not Deno", (port) => [
      process.execPath,
      "eval",
      `Deno.serve({ port: ${port}, hostname: "127.0.0.1" }, () => new Response("${page}"))`,
    ]],
    "Bun.serve": [runtime === "bun" ? undefined : "this is not Bun", (port) => [
      process.execPath,
      "-e",
      `Bun.serve({ port: ${port}, hostname: "127.0.0.1", fetch: () => new Response("${page}") })`,
    ]],
    vite: [
      undefined,
      (port) => ["node", join(root, "node_modules/vite/bin/vite.js"), "--port", String(port), "--host", "127.0.0.1"],
    ],
    nginx: [missing(["nginx", find("nginx")]), (port) => {
      const folder = mkdtempSync(join(tmpdir(), "realpeer-nginx-"));
      const http = `http { access_log off; server { listen 127.0.0.1:${port}; return 200 "${page}"; } }`;
      writeFileSync(join(folder, "nginx.conf"), `daemon off; pid ${folder}/pid; error_log stderr; events {} ${http}`);
      return [find("nginx")!, "-p", folder, "-c", join(folder, "nginx.conf")];
    }],
  };
  for (const [name, [reason, command]] of Object.entries(kinds)) {
    test.skipIf(reason)(because(name, reason), async () => {
      const port = await unusedPort();
      const folder = mkdtempSync(join(tmpdir(), "realpeer-web-"));
      writeFileSync(join(folder, "index.html"), `<html>${page}</html>`);
      const waited = waitForHttp(`http://127.0.0.1:${port}/`, { timeout: 50_000 });
      const server = await runServer(command(port), folder, port);
      try {
        expect((await waited).status).toBe(200);
      } finally {
        await server.stop();
      }
    });
  }
});

describe("a unix socket", () => {
  test("is waited for, left-over files included, and COMMAND finds it", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "realpeer-unix-")), "s");
    const script = `require("net").createServer((s) => s.end()).listen(process.argv[1])`;
    const stale = spawn("node", ["-e", script, path]);
    while (!await accepts(path)) await new Promise((resolve) => setTimeout(resolve, 20));
    stale.kill("SIGKILL");
    const inVain = await run(commandFor("src/cli/main.ts", ["wait", `unix:${path}`, "-t", "300ms"]));
    expect([inVain.code, inVain.stderr]).toEqual([1, expect.stringContaining("(there is no listener on the socket)")]);
    const late = spawn("sh", ["-c", `sleep 0.3; rm ${path}; exec node -e '${script}' ${path}`]);
    const args = ["wait", `unix:${path}`, "-t", "40s", "--json", "--", "test", "-S", path];
    const { code, stdout } = await run(commandFor("src/cli/main.ts", args));
    late.kill("SIGKILL");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).targets).toMatchObject([{ target: `unix:${path}`, ready: true, remote: null }]);
  });
});

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
