/** Holds a self-connection on each of the addresses that it is given, tells where, and says "ready". */
import { selfConnectedPair } from "../../src/api/testing.ts";
import { formatEndpoint } from "../../src/core/endpoint.ts";

for (const hostname of process.argv.slice(2)) {
  const { local, socket } = await selfConnectedPair({ hostname });
  socket.resume();
  console.log(`holds ${formatEndpoint(local)} pid ${process.pid}`);
}
console.log("ready");
setInterval(() => {}, 60_000);
