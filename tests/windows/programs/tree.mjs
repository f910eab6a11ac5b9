// A server with a process of its own: the child does nothing, and is given the same arguments, to be known by them.
import { spawn } from "node:child_process";
import net from "node:net";
import process from "node:process";

const [port, token, role] = process.argv.slice(2);
setTimeout(() => process.exit(9), 100_000);
if (role !== "child") {
  spawn(process.execPath, [process.argv[1], port, token, "child"], { stdio: "ignore" });
  if (role === "dies") setTimeout(() => process.exit(3), 500);
  else net.createServer((socket) => socket.end()).listen(Number(port), "127.0.0.1");
}
