/** In a lab namespace, connects by name where names, addresses or hosts are in trouble, and prints how that went as JSON. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, waitForPort } from "../../mod.ts";
import { LAB_PORT, OTHER_NAME_SERVER } from "../fixtures/lab.ts";
import { startNameServer } from "../fixtures/name_server.ts";
import { startServer } from "../fixtures/tcp_server.ts";

export interface Outcome {
  /** Milliseconds from the moment that counts in the scenario to success. */
  readonly elapsed: number;
  readonly attempts: number;
  /** The address that answered. */
  readonly address: string;
  /** How often the name server was asked. */
  readonly asked: number;
}

/** In network namespaces that may be removed with their last process. */
const THIS_HOST = "10.93.0.1";
const OTHER_HOST = "10.93.0.2";

const scenarios: Record<string, () => Promise<Outcome>> = {
  /** The first name server is silent, and the system asks the second after five seconds. */
  async "slow name server"() {
    await using names = await startNameServer(OTHER_NAME_SERVER, { "slow.test": ["127.0.0.1"] });
    await using server = await startServer(() => {}, "127.0.0.1", 45_001);
    const { elapsed, attempts, remote } = await waitForPort(`slow.test:${server.port}`);
    return { elapsed, attempts, address: remote.hostname, asked: names.asked.length };
  },

  /** Eight names whose lookups hang, one that is answered at once, and localhost, which no name server is asked for. */
  async "hanging names"() {
    await using names = await startNameServer(OTHER_NAME_SERVER, { "fast.test": ["127.0.0.1"] });
    await using server = await startServer(() => {}, "127.0.0.1", 45_001);
    const hanging = [..."abcdefgh"].map((name) => waitForPort(`${name}.test:45001`, { timeout: 4000 }).catch(() => {}));
    await sleep(50);
    const started = performance.now();
    const [{ attempts, remote }] = await Promise.all([
      waitForPort(`fast.test:${server.port}`),
      waitForPort(`localhost:${server.port}`),
    ]);
    const elapsed = performance.now() - started;
    await Promise.all(hanging);
    return {
      elapsed,
      attempts,
      address: remote.hostname,
      asked: names.asked.filter((name) => name === "fast.test").length,
    };
  },

  /** The server is at the address of the family that this host has on loopback only. */
  async "loopback only"() {
    await using server = await startServer(() => {}, "::1", 45_001);
    const started = performance.now();
    for (const options of [{}, { timeout: 4000 }, { attemptTimeout: 4000 }, { retry: true }]) {
      await (await connect({ hostname: "localhost", port: 45_001, ...options })).close();
    }
    return { elapsed: performance.now() - started, attempts: 4, address: "::1", asked: server.sockets.length };
  },

  /** The name's first address is silent; the server comes to the second after 300 ms. */
  async "silent address"() {
    const waiting = waitForPort(`pair.test:45001`);
    await sleep(300);
    await using server = await startServer(() => {}, "127.0.0.1", 45_001);
    const listening = performance.now();
    const { attempts, remote } = await waiting;
    const elapsed = performance.now() - listening;
    return { elapsed, attempts, address: `${remote.hostname}`, asked: server.sockets.length };
  },

  /** The name's first address is this host's, where the port is dead and the kernel's choice; the server is on the other. */
  async "two hosts"() {
    const python = `import socket
s = socket.create_server(("${OTHER_HOST}", ${LAB_PORT}))
print("listening", flush=True)
while True: s.accept()[0].close()`;
    const shell = `ip link set lo up; until ip link show two > /dev/null 2>&1; do sleep 0.05; done
ip address add ${OTHER_HOST}/24 dev two; ip link set two up; exec python3 -c '${python}'`;
    const other = spawn("unshare", ["-n", "sh", "-c", shell], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await sleep(200);
      execFileSync("ip", ["link", "add", "one", "type", "veth", "peer", "name", "two", "netns", String(other.pid)]);
      execFileSync("ip", ["address", "add", `${THIS_HOST}/24`, "dev", "one"]);
      execFileSync("ip", ["link", "set", "one", "up"]);
      await once(other.stdout, "data");
      await sleep(200);
      const started = performance.now();
      const connection = await connect(`two.test:${LAB_PORT}`);
      const elapsed = performance.now() - started;
      await connection.close();
      return { elapsed, attempts: 2, address: connection.remote.hostname, asked: 0 };
    } finally {
      other.kill("SIGKILL");
    }
  },
};

console.log(JSON.stringify(await scenarios[process.argv[2]!]!()));
process.exit();
