/** mqtt. In a project of yours the import is "@realpeer/tcp/node". */
import mqtt from "mqtt";
import { createConnection } from "../../src/adapters/node.ts";

/** In place of `mqtt.connect({ host, port, ...options })`. */
export function guardedClient(host: string, port: number, options: mqtt.IClientOptions = {}): mqtt.MqttClient {
  return new mqtt.MqttClient(() => createConnection({ host, port }), { host, port, ...options });
}
