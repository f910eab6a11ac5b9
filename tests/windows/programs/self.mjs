// Dials a dead port that the kernel gives to every client as its own.
import process from "node:process";
import { connect } from "@realpeer/tcp";
import { connect as connectNode } from "@realpeer/tcp/node";

const port = Number(process.argv[2]);

async function codeOf(promise) {
  try {
    await promise;
    return "connected";
  } catch (error) {
    return `${error.name} ${error.code}`;
  }
}

const portable = await codeOf(connect({ hostname: "127.0.0.1", port }));
const node = await codeOf(connectNode({ host: "127.0.0.1", port }));
console.log(JSON.stringify({ portable, node }));
process.exit(0);
