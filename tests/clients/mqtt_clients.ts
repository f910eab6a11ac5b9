import { type Client, HOST } from "./client.ts";

const mqttClient: Client = {
  server: "mqtt",
  answer: "real",
  hasHook: true,
  async open(port, guard, onError) {
    const { default: mqtt } = await import("mqtt");
    const { guardedClient } = await import("../examples/mqtt.ts");
    const client = guard === "hook"
      ? guardedClient(HOST, port, { reconnectPeriod: 50 })
      : mqtt.connect({ host: HOST, port, reconnectPeriod: 50 });
    client.on("error", onError);
    return {
      async ask() {
        const message = new Promise((resolve) => client.once("message", (_topic, payload) => resolve(`${payload}`)));
        await client.subscribeAsync("topic");
        await client.publishAsync("topic", "real");
        return await message;
      },
      close: () => client.end(true),
    };
  },
};

export const mqttClients: Readonly<Record<string, Client>> = { mqtt: mqttClient };
