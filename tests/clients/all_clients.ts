import type { Client } from "./client.ts";
import { httpClients } from "./http_clients.ts";
import { mqttClients } from "./mqtt_clients.ts";
import { redisClients } from "./redis_clients.ts";
import { sqlClients } from "./sql_clients.ts";

/** Every client that is tried, by the name it is known under. */
export const clients: Readonly<Record<string, Client>> = {
  ...redisClients,
  ...sqlClients,
  ...mqttClients,
  ...httpClients,
};
