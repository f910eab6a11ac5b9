// Prints the arguments it was given, and ends with the status of the first where that is a number.
import process from "node:process";

const args = process.argv.slice(2);
console.log(JSON.stringify(args));
process.exit(/^\d+$/.test(args[0] ?? "") ? Number(args[0]) : 0);
