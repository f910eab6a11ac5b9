/** Listens on 127.0.0.1 when asked to, and tells the moment. `port` 0: names a port that is free now. `isEnd`: stops. */
import { type AddressInfo, createServer, type Server } from "node:net";
import { answerEach, now } from "./answer.ts";

export interface Question {
  readonly port: number;
  readonly isEnd?: boolean;
}

export interface Answer {
  readonly port: number;
  /** Milliseconds of the shared clock. */
  readonly listened: number;
}

const servers = new Map<number, Server>();

function listen(port: number): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => {}).resume().end());
  return new Promise((resolve, reject) => {
    server.on("error", reject).listen({ port, host: "127.0.0.1", backlog: 4096 }, () => resolve(server));
  });
}

/** A waiting tool that binds the port itself to see whether it is free can be in the way for a moment. */
async function listenWhenFree(port: number): Promise<Server> {
  while (true) {
    try {
      return await listen(port);
    } catch (error) {
      if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

await answerEach<Question, Answer>(async ({ port, isEnd = false }) => {
  if (isEnd) {
    await close(servers.get(port)!);
    return { port, listened: NaN };
  }
  const server = await listenWhenFree(port);
  const listened = now();
  if (port !== 0) {
    servers.set(port, server);
    return { port, listened };
  }
  const { port: free } = server.address() as AddressInfo;
  await close(server);
  return { port: free, listened };
});
