/**
 * Connects with handlers that fail, or are a class instance, and prints what comes of it, so that the guarded call can be
 * compared with Bun's own.
 *
 *   bun_failing_handlers.ts bare|guarded|stable
 */
import process from "node:process";
import { connect } from "../../src/adapters/bun.ts";

const [how] = process.argv.slice(2);
const heard: string[] = [];
process.on("uncaughtException", ({ message }) => heard.push(`uncaught ${message}`));
process.on("unhandledRejection", (error) => heard.push(`unhandled ${(error as Error).message}`));

const server = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      socket.write("hello");
      // Long after `stableFor`, also on a busy machine.
      setTimeout(() => socket.end(), 230);
    },
    data() {},
  },
});

async function outcomeOf(socket: Bun.SocketHandler<undefined>): Promise<string[]> {
  heard.length = 0;
  const options = { hostname: "127.0.0.1", port: server.port, socket };
  const connecting = how === "bare"
    ? Bun.connect(options)
    : connect({ ...options, stableFor: how === "stable" ? 30 : 0 });
  heard.push(await connecting.then(() => "resolved", ({ message }) => `rejected ${message}`));
  await Bun.sleep(300);
  // Whether a handler is called before or after the promise settles is the runtime's own.
  return heard.toSorted();
}

class Handlers {
  open(this: Bun.Socket<undefined>, socket: Bun.Socket<undefined>): void {
    heard.push(`open ${this === socket}`);
  }
  data(this: Bun.Socket<undefined>, socket: Bun.Socket<undefined>, chunk: Buffer): void {
    heard.push(`data ${this === socket} ${chunk}`);
  }
  close(): void {
    heard.push("close");
  }
}

const outcomes: Record<string, string[]> = { "a class instance": await outcomeOf(new Handlers()) };
for (const name of ["open", "data", "close"] as const) {
  for (const isAsync of [false, true]) {
    for (const hasError of [false, true]) {
      const handler = isAsync ? () => Promise.reject(new Error("boom")) : () => {
        throw new Error("boom");
      };
      const error = { error: (_: unknown, { message }: Error) => void heard.push(`error ${message}`) };
      const handlers = { data: () => void heard.push("data"), [name]: handler, ...(hasError ? error : {}) };
      outcomes[`${name}, async ${isAsync}, error handler ${hasError}`] = await outcomeOf(handlers);
    }
  }
}
console.log(JSON.stringify(outcomes));
process.exit(0);
