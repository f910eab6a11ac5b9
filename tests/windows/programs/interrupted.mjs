// Says when it is ready, counts how often it is interrupted within a second of the first time, and ends with 7.
import process from "node:process";

let count = 0;
process.on("SIGINT", () => {
  if (count++ > 0) return;
  setTimeout(() => {
    console.log(`interrupted ${count}`);
    process.exit(7);
  }, 1000);
});
console.log("ready");
setTimeout(() => process.exit(9), 60_000);
