// A program that knows nothing of the guard, with register loaded before it; prints the events of one socket.
import net from "node:net";

const events = [];
const socket = net.connect({ host: "127.0.0.1", port: Number(process.argv[2]) });
for (const name of ["connect", "ready", "close"]) socket.on(name, () => events.push(name));
socket.on("error", (error) => events.push(`${error.name} ${error.code}`));
socket.on("close", () => {
  console.log(JSON.stringify(events));
  process.exit(0);
});
