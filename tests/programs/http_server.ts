/**
 * A server for `realpeer start`: http_server.ts PORT [HOST [DELAY_MS]]. SIGTERM ends it after STOP_MS of its environment.
 */
import { createServer } from "node:http";

const [port = "0", host = "127.0.0.1", delay = "0"] = process.argv.slice(2);
const server = createServer((_request, response) => response.end("ok"));
setTimeout(() => server.listen(Number(port), host, () => console.log("listening")), Number(delay));
process.on("SIGTERM", () => {
  console.log("asked to stop");
  setTimeout(() => process.exit(0), Number(process.env["STOP_MS"] ?? 0));
});
