/** Answers every request on a loopback port that the kernel gives to no client, and prints that port. */
import { createServer } from "node:http";

/** Below every system's default range for clients. */
const [LOWEST, HIGHEST] = [10_000, 30_000];

const server = createServer((_request, response) => response.end("real"));
const listen = (): void => void server.listen(LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST)), "127.0.0.1");
server.on("error", listen).on("listening", () => console.log(JSON.stringify(server.address())));
listen();
