/** Answers on every address with a server of this runtime. serve.mjs PORT http|serve */
import { createServer } from "node:http";

const port = Number(process.argv[2]);
if (process.argv[3] === "http") createServer((_request, response) => response.end("real")).listen(port);
else if ("Deno" in globalThis) Deno.serve({ port, onListen() {} }, () => new Response("real"));
else Bun.serve({ port, fetch: () => new Response("real") });
