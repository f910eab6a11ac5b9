/**
 * Makes calls that do not go through node:net to a server of this process, and prints what came of each.
 *
 *   native_live.ts PORT HOST
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { rmSync } from "node:fs";
import process from "node:process";

const port = Number(process.argv[2]);
const url = `http://127.0.0.1:${port}`;
const UNIX_PATH = `/tmp/realpeer-native-${process.pid}.sock`;

function listen(where: { port: number; host: string } | { path: string }): Promise<Server> {
  const server = createServer(async (request, response) => {
    if (request.url === "/silent") return;
    if (request.url === "/slow") {
      response.write("first ");
      await new Promise((resolve) => setTimeout(resolve, 200));
      response.end("second");
      return;
    }
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    response.end(`${request.method} ${request.headers["x-header"]} ${body}`);
  });
  return new Promise((resolve, reject) => server.on("error", reject).listen(where, () => resolve(server)));
}

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

function text(call: Promise<Response>): Promise<string> {
  return call.then((response) => response.text());
}

const reason = { name: "own reason" };

const cases: Record<string, () => Promise<unknown>> = {
  async "headers changed after the call"() {
    const headers = new Headers({ "x-header": "as called" });
    const answer = text(fetch(url, { headers }));
    headers.set("x-header", "changed");
    return await answer;
  },
  async "a body of a stream"() {
    const body = new Blob(["hello"]).stream();
    const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half" };
    const call = fetch(url, init);
    return [body.locked, await text(call)];
  },
  async "a Request with a body, which is used up"() {
    const request = new Request(url, { method: "PUT", body: "hello" });
    const answer = fetch(request);
    return [request.bodyUsed, await text(answer)];
  },
  async "a response that comes in parts"() {
    const { body } = await fetch(`${url}/slow`);
    const parts: string[] = [];
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) parts.push(chunk);
    return parts;
  },
  async "an abort in the same tick"() {
    const controller = new AbortController();
    const answer = fetch(url, { signal: controller.signal });
    controller.abort(reason);
    return await answer.catch((error) => error === reason);
  },
  async "an abort while nobody answers"() {
    const controller = new AbortController();
    const answer = fetch(`${url}/silent`, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    return await answer.catch((error) => error === reason);
  },
  async "types"() {
    const call = fetch(url);
    const response = await call;
    await response.body?.cancel();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/silent`);
    class Own extends WebSocket {}
    const own = new Own(`ws://127.0.0.1:${port}/silent`);
    const types = [
      call instanceof Promise,
      response instanceof Response,
      [fetch.name, fetch.length, typeof fetch, Object.keys(fetch)],
      [WebSocket.name, WebSocket.length, WebSocket.OPEN, WebSocket.prototype.constructor === WebSocket],
      [socket instanceof WebSocket, socket.constructor === WebSocket, socket.readyState],
      [own instanceof Own, own instanceof WebSocket],
    ];
    for (const { close } of [socket, own].map((made) => ({ close: () => made.close() }))) close();
    return types;
  },
  async "the runtime's connect"() {
    const question = "GET / HTTP/1.0\r\nx-header: connect\r\n\r\n";
    if ("Deno" in globalThis) {
      const conn = await Deno.connect({ port });
      await conn.write(new TextEncoder().encode(question));
      const answer = await new Response(conn.readable).text();
      return [conn.constructor.name, Deno.connect.name, Deno.connect.length, answer.split("\r\n").at(-1)];
    }
    let answer = "";
    const closed = Promise.withResolvers<void>();
    const socket = await Bun.connect({
      ...{ hostname: "127.0.0.1", port },
      socket: {
        open: (socket) => void socket.write(question),
        data: (_socket, chunk) => void (answer += chunk.toString()),
        close: () => closed.resolve(),
      },
    });
    const { remotePort } = socket;
    await closed.promise;
    return [remotePort === port, Bun.connect.name, Bun.connect.length, answer.split("\r\n").at(-1)];
  },
  async "a pool whose connection has died"() {
    const first = await text(fetch(url));
    await close(server);
    const { name, message } = await fetch(url).catch((error) => error);
    server = await listen({ port, host: process.argv[3]! });
    return [first, name, message.replaceAll(String(port), "PORT"), await text(fetch(url))];
  },
};

if ("Bun" in globalThis) {
  cases["unix:"] = async () => {
    const server = await listen({ path: UNIX_PATH });
    const answer = await text(fetch(url.replace(String(port), "1"), { unix: UNIX_PATH }));
    await close(server);
    rmSync(UNIX_PATH, { force: true });
    return answer;
  };
}

let server = await listen({ port, host: process.argv[3]! });
const outcomes: Record<string, unknown> = {};
for (const [name, call] of Object.entries(cases)) outcomes[name] = await call();
console.log(JSON.stringify(outcomes));
process.exit(0);
