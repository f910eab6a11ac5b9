/**
 * Dials 127.0.0.1 again and again with one client of this runtime; prints how the dials ended.
 *
 *   dial.mjs PORT COUNT net|connect|fetch
 */
import net from "node:net";

const [port, count, client] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];

const clients = {
  net: () =>
    new Promise((resolve, reject) => {
      const socket = net.connect(port, "127.0.0.1", () => {
        socket.resetAndDestroy();
        resolve();
      }).on("error", reject);
    }),
  connect: async () => {
    if ("Deno" in globalThis) return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    (await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })).terminate();
  },
  fetch: async () => await (await fetch(`http://127.0.0.1:${port}/`)).text(),
};

function outcomeOf(error) {
  const text = `${error.code} ${error.message} ${error.cause?.message}`;
  if (/ECONNREFUSED|Connection ?refused/i.test(text)) return "ECONNREFUSED";
  // A client that speaks HTTP to itself has connected, and cannot read its own request.
  return /HTTP/i.test(text) ? "connected" : text;
}

const outcomes = {};
for (let number = 0; number < count; number++) {
  const outcome = await clients[client]().then(() => "connected", outcomeOf);
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}
console.log(JSON.stringify(outcomes));
