/**
 * Connects with `stableFor` to a server that hangs up after 500 ms. The test stops this process meanwhile and lets it go on
 * when the time is over: prints what became of the connect.
 */
import { connects } from "./connects.ts";

const [kind, portText] = process.argv.slice(2) as [string, string];
const connecting = connects[kind]!({ hostname: "127.0.0.1", port: Number(portText), stableFor: 1000 });
console.log("connecting");
await connecting.then(() => console.log("stable"), (error) => console.log(error.code));
process.exit();
