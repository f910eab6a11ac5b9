// Listens on the address and port that it was given for the time that it was given, then ends.
import net from "node:net";

const [hostname, port, ms] = process.argv.slice(2);
net.createServer((socket) => socket.end()).listen(Number(port), hostname === "every" ? undefined : hostname);
setTimeout(() => process.exit(0), Number(ms));
