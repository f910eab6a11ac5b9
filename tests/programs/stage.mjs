/**
 * Plays the programs that examples name: it is run under the name of each. As a server it takes the first port of
 * STAGE_PORTS that is free, as any other program it prints its name and arguments.
 */
import { createServer } from "node:http";
import { basename } from "node:path";

const name = basename(process.argv[1], ".mjs");
const args = process.argv.slice(2);
const ports = (process.env.STAGE_PORTS ?? "").split(" ").filter(Boolean);
const isServer = name === "redis-server" || args[0] === "run" ||
  (process.env.STAGE_KIND === "start" && args[0] === "start");

function listen(target) {
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/none" ? 404 : 200;
    response.end();
  });
  return new Promise((resolve) => server.once("error", () => resolve(false)).listen(target, () => resolve(true)));
}

if (name === "everything") {
  for (const target of args) await listen(/^\d+$/.test(target) ? Number(target) : target);
  console.log("up");
} else if (isServer) {
  for (const port of ports) if (await listen(Number(port))) break;
} else {
  console.log("ran", name, ...args);
}
