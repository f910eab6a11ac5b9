/** Runs a command while a real server listens on 127.0.0.1:50000 and on port 5432 of every address, and ends with its exit status. */
import { spawn } from "node:child_process";
import { echo, startServer } from "../fixtures/tcp_server.ts";

const [command, ...args] = process.argv.slice(2) as [string, ...string[]];
await using _first = await startServer(echo, "127.0.0.1", 50000);
await using _second = await startServer(echo, "::", 5432);
const child = spawn(command, args, { stdio: "inherit" });
process.exitCode = await new Promise<number>((resolve, reject) => {
  child.on("error", reject).on("close", (code) => resolve(code ?? 1));
});
