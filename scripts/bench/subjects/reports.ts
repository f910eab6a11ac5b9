/** Ends with 0 as soon as a tool reports the port as ready. reports.ts TOOL PORT */
import process from "node:process";
import { waiter } from "./waiters.ts";

const [tool, port] = process.argv.slice(2) as [string, string];
const wait = await waiter(tool);
await wait(Number(port));
process.exit(0);
