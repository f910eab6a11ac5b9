import { connect as netConnect } from "node:net";
import { waitForPort } from "../../../mod.ts";

/** Resolves once the tool believes that there is a listener on 127.0.0.1:port. */
export type Wait = (port: number) => Promise<unknown>;

const HOSTNAME = "127.0.0.1";
const LIMIT_MS = 300_000;

/** A function of a peer that resolves once it believes that there is a listener. */
type Resolves = (...args: readonly unknown[]) => Promise<unknown>;

/** Peers are installed beside the benchmark only, so no checker may look for their types: `Exports` is what is used. */
async function peer<Exports>(name: string): Promise<Exports> {
  return await import(name);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function bareConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = netConnect({ host: HOSTNAME, port });
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** A loop as people write it by hand, pausing `ms`. */
const bareLoop = (ms: number): Wait => async (port) => {
  while (!await bareConnect(port)) await pause(ms);
};

const waiters: Record<string, () => Promise<Wait>> = {
  "realpeer": () => Promise.resolve((port) => waitForPort({ hostname: HOSTNAME, port, timeout: LIMIT_MS })),
  "wait-on": async () => {
    const { default: waitOn } = await peer<{ default: Resolves }>("wait-on");
    return (port) => waitOn({ resources: [`tcp:${HOSTNAME}:${port}`], timeout: LIMIT_MS });
  },
  "wait-port": async () => {
    const { default: waitPort } = await peer<{ default: Resolves }>("wait-port");
    return (port) => waitPort({ host: HOSTNAME, port, timeout: LIMIT_MS, output: "silent" });
  },
  "tcp-port-used": async () => {
    const { default: { waitUntilUsedOnHost } } = await peer<{ default: { waitUntilUsedOnHost: Resolves } }>(
      "tcp-port-used",
    );
    return (port) => waitUntilUsedOnHost(port, HOSTNAME, undefined, LIMIT_MS);
  },
  "detect-port": async () => {
    const { waitPort } = await peer<{ waitPort: Resolves }>("detect-port");
    return (port) => waitPort(port);
  },
  "loop, 10 ms pause": () => Promise.resolve(bareLoop(10)),
  "loop, 240 ms pause": () => Promise.resolve(bareLoop(240)),
};

/** The tool of that name; `{...}` is realpeer with these retry options. */
export async function waiter(name: string): Promise<Wait> {
  if (!name.startsWith("{")) return await waiters[name]!();
  const retry = JSON.parse(name);
  return (port) => waitForPort({ hostname: HOSTNAME, port, retry, timeout: LIMIT_MS });
}
