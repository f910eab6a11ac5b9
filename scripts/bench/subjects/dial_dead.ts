/**
 * Connects to a dead port of a lab namespace in one way until the kernel connects it to itself, closes as that way does,
 * says what came of it, and stays alive until its standard input ends. dial_dead.ts WAY PORT
 */
import { connect as netConnect } from "node:net";
import process from "node:process";
import { connect } from "../../../mod.ts";
import { waiter } from "./waiters.ts";
import { answerEach } from "./answer.ts";

const [way, portText] = process.argv.slice(2) as [string, string];
const port = Number(portText);
const hostname = "127.0.0.1";

/** The bare call of this runtime, and its normal close. */
async function bare(): Promise<void> {
  if ("Deno" in globalThis) return (await Deno.connect({ hostname, port })).close();
  if ("Bun" in globalThis) return void (await Bun.connect({ hostname, port, socket: { data() {} } })).end();
  await new Promise<void>((resolve, reject) => {
    const socket = netConnect({ host: hostname, port }, () => socket.destroy()).on("error", reject);
    socket.on("close", () => resolve());
  });
}

async function dial(): Promise<void> {
  if (way === "bare") await bare();
  else if (way === "realpeer") await (await connect({ hostname, port })).close();
  else await (await waiter(way))(port);
}

await answerEach<null, string>(async () => {
  try {
    await dial();
    return "believed it";
  } catch (error) {
    return (error as { name: string }).name;
  }
});
