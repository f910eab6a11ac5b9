/** What a timer that does nothing costs: microseconds of CPU time a tick. empty_timer.ts PAUSE COUNT */
import process from "node:process";
import { cpu } from "./answer.ts";

const [pause, count] = process.argv.slice(2).map(Number) as [number, number];
const before = cpu();
for (let tick = 0; tick < count; tick++) {
  await new Promise((resolve) => setTimeout(resolve, pause));
}
console.log(JSON.stringify({ perTick: (cpu() - before) / count }));
