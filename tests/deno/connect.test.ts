import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { connect, SelfConnectError } from "../../src/adapters/deno.ts";
import { connect as portableConnect, waitForPort } from "../../mod.ts";

const LOOPBACK = "127.0.0.1";
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A listener, its port, and what becomes of its first connection. */
function serve(
  handle: (conn: Deno.TcpConn) => Promise<void>,
): { port: number; [Symbol.asyncDispose](): Promise<void> } {
  const listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  const handling = (async () => {
    for await (const conn of listener) await handle(conn);
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await handling;
    },
  };
}

async function echo(conn: Deno.TcpConn): Promise<void> {
  await conn.readable.pipeTo(conn.writable).catch(() => {});
}

async function readAll(conn: Deno.TcpConn): Promise<string> {
  const chunks: string[] = [];
  const buffer = new Uint8Array(7);
  for (let length = await conn.read(buffer); length !== null; length = await conn.read(buffer)) {
    chunks.push(new TextDecoder().decode(buffer.subarray(0, length)));
  }
  return chunks.join("");
}

function unusedPort(): number {
  using listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  return listener.addr.port;
}

Deno.test("connect() returns a Deno.TcpConn without a wrapper", async () => {
  await using server = serve(echo);
  using conn = await connect({ hostname: LOOPBACK, port: server.port });
  assertEquals({ ...conn.remoteAddr }, { transport: "tcp", hostname: LOOPBACK, port: server.port });
  assertEquals(Reflect.ownKeys(conn).filter((key) => typeof key === "string"), []);
  await conn.write(bytes("hello"));
  await conn.closeWrite();
  assertEquals(await readAll(conn), "hello");
});

Deno.test("connect() rejects with Deno's own error where nobody listens", async () => {
  await assertRejects(() => connect({ hostname: LOOPBACK, port: unusedPort() }), Deno.errors.ConnectionRefused);
});

Deno.test("connect() retries until somebody listens", async () => {
  const port = unusedPort();
  const connecting = connect({ hostname: LOOPBACK, port, retry: true, timeout: 20_000 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  using listener = Deno.listen({ hostname: LOOPBACK, port });
  using accepted = await listener.accept();
  using conn = await connecting;
  assertEquals(conn.localAddr, accepted.remoteAddr);
});

Deno.test("connect() has a TypeError with a way out for what Deno.connect would ignore", async () => {
  for (const bind of [{ localPort: 50001 }, { localAddress: LOOPBACK }]) {
    await assertRejects(() => connect({ port: 1, ...bind }), TypeError, 'use connect from "@realpeer/tcp"');
  }
  const unix = { transport: "unix", path: "/tmp/x", port: 1 } as never;
  await assertRejects(() => connect(unix), TypeError, 'transport must be "tcp", got "unix"');
});

Deno.test("connect() passes what is not its own on to Deno.connect", async () => {
  const { connect: own } = Deno;
  const seen: unknown[] = [];
  Deno.connect = ((options: Deno.ConnectOptions) => {
    seen.push({ ...options });
    return own(options);
  }) as typeof Deno.connect;
  try {
    await using server = serve(echo);
    const target = { hostname: LOOPBACK, port: server.port };
    using _conn = await connect({ ...target, transport: "tcp", stableFor: 0, autoSelectFamily: false });
    assertEquals(seen, [{ ...target, transport: "tcp", autoSelectFamily: false }]);
  } finally {
    Deno.connect = own;
  }
});

Deno.test("connect() leaves a connection alone whose signal aborts later", async () => {
  await using server = serve(echo);
  const controller = new AbortController();
  using conn = await connect({ hostname: LOOPBACK, port: server.port, signal: controller.signal });
  controller.abort();
  await conn.write(bytes("still here"));
  await conn.closeWrite();
  assertEquals(await readAll(conn), "still here");
});

/** What a reader with a buffer of its own gets. */
async function readIntoOwnBuffer(readable: ReadableStream<Uint8Array>): Promise<string> {
  const reader = readable.getReader({ mode: "byob" });
  let text = "";
  for (let read = await reader.read(new Uint8Array(3)); !read.done; read = await reader.read(new Uint8Array(3))) {
    text += new TextDecoder().decode(read.value);
  }
  return text;
}

for (const mode of ["read", "readable", "readable, own buffer"]) {
  Deno.test(`connect() with stableFor loses nothing that comes meanwhile, by ${mode}`, async () => {
    await using server = serve(async (conn) => {
      await conn.write(bytes("one "));
      await new Promise((resolve) => setTimeout(resolve, 30));
      await conn.write(bytes("two "));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await conn.write(bytes("three"));
      conn.close();
    });
    const conn = await connect({ hostname: LOOPBACK, port: server.port, stableFor: 80 });
    if (mode === "read") {
      assertEquals(await readAll(conn), "one two three");
      assertEquals(Object.hasOwn(conn, "read"), false, "the runtime's own method again");
      conn.close();
    } else if (mode === "readable, own buffer") {
      assertEquals(await readIntoOwnBuffer(conn.readable), "one two three");
    } else {
      assertStrictEquals(conn.readable, conn.readable);
      assertEquals(await new Response(conn.readable).text(), "one two three");
    }
  });
}

for (const how of ["close", Symbol.dispose] as const) {
  Deno.test(`connect() with stableFor: a connection is read no more after ${String(how)}`, async () => {
    await using server = serve(async (conn) => {
      await conn.write(bytes("early"));
      await conn.read(new Uint8Array(1)).catch(() => {});
      conn.close();
    });
    const conn = await connect({ hostname: LOOPBACK, port: server.port, stableFor: 30 });
    conn[how]();
    await assertRejects(() => conn.read(new Uint8Array(9)), Deno.errors.BadResource);
  });
}

Deno.test("connect() with stableFor returns a connection that its cancelled stream closes", async () => {
  await using server = serve(echo);
  const conn = await connect({ hostname: LOOPBACK, port: server.port, stableFor: 10 });
  await conn.readable.cancel();
  await assertRejects(() => conn.write(bytes("too late")), Deno.errors.BadResource);
});

Deno.test("the portable connect() leaves no timer when reset() comes while close() waits", async () => {
  await using server = serve(async (conn) => {
    const buffer = new Uint8Array(65536);
    while (await conn.read(buffer) !== null);
    await new Promise((resolve) => setTimeout(resolve, 100));
    conn.close();
  });
  const conn = await portableConnect({ hostname: LOOPBACK, port: server.port });
  await conn.writable.getWriter().write(new Uint8Array(100_000));
  const closing = conn.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  conn.reset();
  await closing;
});

Deno.test("connect() with stableFor gives back a read that was pending", async () => {
  await using server = serve(async (conn) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await conn.write(bytes("late"));
    conn.close();
  });
  using conn = await connect({ hostname: LOOPBACK, port: server.port, stableFor: 30 });
  assertEquals(await readAll(conn), "late");
});

Deno.test("connect() with stableFor does not count a proxy that accepts and hangs up", async () => {
  await using server = serve(async (conn) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    conn.close();
  });
  const error = await assertRejects(
    () => connect({ hostname: LOOPBACK, port: server.port, stableFor: 100 }),
    Error,
    "hung up",
  );
  assertEquals((error as { code?: string }).code, "ECONNRESET");
});

Deno.test("the portable connect() binds the client end through node:net, and leaks nothing", async () => {
  const port = unusedPort();
  const error = await assertRejects(
    () => portableConnect({ hostname: LOOPBACK, port, localPort: port }),
    SelfConnectError,
  );
  assertEquals(error.attempts, 1);
  using listener = Deno.listen({ hostname: LOOPBACK, port });
  assertEquals(listener.addr.port, port);
});

Deno.test("the portable connect() and waitForPort() leak nothing", async () => {
  await using server = serve(echo);
  for (let round = 0; round < 10; round++) {
    await using connection = await portableConnect({ hostname: LOOPBACK, port: server.port, timeout: 5000 });
    const writer = connection.writable.getWriter();
    await writer.write(bytes("hello"));
    const { value } = await connection.readable.getReader().read();
    assertEquals(new TextDecoder().decode(value), "hello");
  }
  const { remote, attempts, selfConnects } = await waitForPort({ hostname: LOOPBACK, port: server.port });
  assertEquals({ remote, attempts, selfConnects }, {
    remote: { hostname: LOOPBACK, port: server.port },
    attempts: 1,
    selfConnects: 0,
  });
});

/** Runs a script of the tree with nothing but these permissions. */
async function runWith(permissions: string[], script: string): Promise<{ code: number; out: string; err: string }> {
  const args = ["run", "--quiet", "--no-prompt", ...permissions, "-"];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(bytes(script));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

const MODULES = {
  native: import.meta.resolve("../../src/adapters/deno.ts"),
  portable: import.meta.resolve("../../mod.ts"),
};

for (const [name, specifier] of Object.entries(MODULES)) {
  Deno.test(`${name} connect() needs --allow-net=HOST:PORT and nothing else`, async () => {
    await using server = serve(echo);
    const script = `
      import { connect } from ${JSON.stringify(specifier)};
      const options = { hostname: "${LOOPBACK}", port: ${server.port}, retry: true, timeout: 5000, stableFor: 10 };
      const conn = await connect(options);
      console.log("connected");
      await conn.close();
    `;
    const { code, out, err } = await runWith([`--allow-net=${LOOPBACK}:${server.port}`], script);
    assertEquals({ code, out, err }, { code: 0, out: "connected\n", err: "" });
  });

  Deno.test(`${name} connect() needs no more for a name than --allow-net=NAME:PORT`, async () => {
    await using server = serve(echo);
    const script = `
      import { connect } from ${JSON.stringify(specifier)};
      const conn = await connect({ hostname: "localhost", port: ${server.port}, retry: true, timeout: 5000 });
      console.log("connected");
      await conn.close();
    `;
    const { code, out, err } = await runWith([`--allow-net=localhost:${server.port}`], script);
    assertEquals({ code, out, err }, { code: 0, out: "connected\n", err: "" });
  });

  Deno.test(`${name} connect() rejects with Deno's own error without permission, and does not retry`, async () => {
    const script = `
      import { connect } from ${JSON.stringify(specifier)};
      let retries = 0;
      const error = await connect({ hostname: "${LOOPBACK}", port: 1, retry: true, onRetry: () => retries++ }).catch((error) => error);
      console.log(error instanceof Deno.errors.NotCapable, retries);
    `;
    const { out, err } = await runWith([], script);
    assertEquals({ out, err }, { out: "true 0\n", err: "" });
  });
}

Deno.test("what node:net dials by name says which permission is missing, and does not retry", async () => {
  const script = `
    import { connect, waitForHttp } from ${JSON.stringify(MODULES.portable)};
    let retries = 0;
    const onRetry = () => retries++;
    const options = { hostname: "localhost", port: 1, localAddress: "127.0.0.1", onRetry };
    for (const call of [
      () => waitForHttp("http://localhost:1/", { onRetry }), () => connect(options), () => connect({ ...options, retry: true }),
    ]) {
      const error = await call().catch((error) => error);
      console.log(error instanceof Deno.errors.NotCapable, error.message);
    }
    console.log(retries);
  `;
  const { out, err } = await runWith(["--allow-net=127.0.0.1:0"], script);
  const missing = (what: string): string =>
    `true Requires net access to ${what}, run again with the --allow-net flag\n`;
  const addresses = missing('"localhost" and to all its addresses');
  assertEquals({ out, err }, { out: `${addresses}${missing('"localhost:1"')}${addresses}0\n`, err: "" });
});

Deno.test("access to a name at its port is enough where node:net dials the name", async () => {
  const port = unusedPort();
  const script = `
    import { connect } from ${JSON.stringify(MODULES.portable)};
    import { connect as nodeConnect } from ${JSON.stringify(import.meta.resolve("../../src/adapters/node.ts"))};
    for (const hostname of ["localhost", "app.localhost"]) {
      const options = { hostname, port: ${port} };
      for (const call of [() => connect({ ...options, localAddress: "127.0.0.1" }), () => nodeConnect(options)]) {
        console.log((await call().catch((error) => error)).code);
      }
    }
  `;
  const access = `localhost:${port},app.localhost:${port},127.0.0.1:0`;
  const { out, err } = await runWith([`--allow-net=${access}`], script);
  assertEquals(err, "");
  // Not every system knows a name below localhost.
  assert(/^(ECONNREFUSED\n){2}((ECONNREFUSED|ENOTFOUND)\n){2}$/.test(out), out);
});

Deno.test("a native connection that the program closes itself fails, and can still be closed", async () => {
  await using server = serve(echo);
  for (const isRead of [true, false]) {
    const connection = await portableConnect<Deno.TcpConn>({ hostname: LOOPBACK, port: server.port });
    const reading = isRead ? connection.readable.getReader().read() : undefined;
    connection.native.close();
    if (reading !== undefined) await assertRejects(() => reading, Error);
    await connection.close();
    connection.reset();
  }
});

Deno.test("a self-connection is told to the process", async () => {
  const { subscribe, unsubscribe } = await import("node:diagnostics_channel");
  const messages: unknown[] = [];
  const listen = (message: unknown): void => void messages.push(message);
  subscribe("realpeer:self-connect", listen);
  const port = unusedPort();
  await assertRejects(() => portableConnect({ hostname: LOOPBACK, port, localPort: port }), SelfConnectError);
  unsubscribe("realpeer:self-connect", listen);
  const end = { hostname: LOOPBACK, port };
  assertEquals(messages, [{ local: end, remote: end }]);
  assert(messages.length === 1);
});

Deno.test("Deno.connect still asks its signal's throwIfAborted, which the adapter replaces", async () => {
  await using server = serve(echo);
  const { signal } = new AbortController();
  let calls = 0;
  Object.defineProperty(signal, "throwIfAborted", { value: () => void calls++ });
  const conn = await Deno.connect({ hostname: LOOPBACK, port: server.port, signal });
  conn.close();
  assert(calls > 0, "Deno no longer calls it: openAbandonable in src/adapters/deno/driver.ts can do without");
});

Deno.test("a connect that was given up while the event loop was busy leaves no socket behind", async () => {
  const held: Deno.Conn[] = [];
  using listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  const accepting = (async () => {
    for await (const conn of listener) held.push(conn);
  })();
  const { port } = listener.addr as Deno.NetAddr;
  for (let i = 0; i < 20; i++) {
    const controller = new AbortController();
    const connecting = connect({ hostname: LOOPBACK, port, signal: controller.signal });
    controller.abort("enough");
    for (const end = performance.now() + 80; performance.now() < end;);
    assertEquals(await connecting.then(() => "connected", (reason) => reason), "enough");
  }
  await new Promise((resolve) => setTimeout(resolve, 120));
  // A connection that is closed on the other side reads its end; one that was lost would stay silent.
  for (const conn of held) assertEquals(await conn.read(new Uint8Array(1)), null);
  held.forEach((conn) => conn.close());
  listener.close();
  await accepting;
});
