/** Ends before anything that it has begun is reported. */
import process from "node:process";

process.exit();
