import { type Client, HOST } from "./client.ts";

const ioredis: Client = {
  server: "redis",
  answer: "PONG",
  hasHook: true,
  async open(port, guard, onError) {
    const { Redis } = await import("ioredis");
    const { GuardedConnector } = await import("../examples/ioredis.ts");
    const hook = guard === "hook" ? { Connector: GuardedConnector } : {};
    const redis = new Redis({ host: HOST, port, retryStrategy: () => 50, maxRetriesPerRequest: null, ...hook });
    redis.on("error", onError);
    return { ask: () => redis.ping(), close: () => redis.disconnect() };
  },
};

function nodeRedis(server: Client["server"], tls: { tls: true; rejectUnauthorized: boolean } | object): Client {
  return {
    server,
    answer: "OK",
    hasHook: false,
    async open(port, _guard, onError) {
      const { createClient } = await import("redis");
      const redis = createClient({ socket: { host: HOST, port, reconnectStrategy: () => 50, ...tls } });
      redis.on("error", onError);
      redis.connect().catch(onError);
      return { ask: () => redis.set("k", "v"), close: () => redis.destroy() };
    },
  };
}

export const redisClients: Readonly<Record<string, Client>> = {
  ioredis,
  "node-redis": nodeRedis("redis", {}),
  "node-redis over TLS": nodeRedis("redis over TLS", { tls: true, rejectUnauthorized: false }),
};
