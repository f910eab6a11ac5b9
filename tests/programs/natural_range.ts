/** Dials one dead port of the kernel's own ephemeral range many times, and prints as JSON what that left behind. */
import { SelfConnectError } from "../../mod.ts";
import { connects } from "./connects.ts";
import { countDescriptors } from "./descriptors.ts";
import { socketsOnPort } from "./host_sockets.ts";
import { megabytes } from "./memory.ts";

const [kind, portText, countText] = process.argv.slice(2) as [string, string, string];
const port = Number(portText);
const count = Number(countText);
const WARM_UP = count / 2;

export interface Outcome {
  readonly attempts: number;
  readonly connected: number;
  readonly selfConnects: number;
  readonly otherErrors: readonly string[];
  readonly left: readonly string[];
  readonly newDescriptors: number;
  /** MiB of resident memory after all attempts over those after the first half. */
  readonly growth: number;
}

const connect = connects[kind]!;
const otherErrors = new Set<string>();
let [connected, selfConnects, attempts] = [0, 0, 0];
let [descriptorsBefore, memoryBefore] = [0, 0];
for (; attempts < count; attempts++) {
  if (attempts === WARM_UP) [descriptorsBefore, memoryBefore] = [countDescriptors(), megabytes()];
  try {
    // One connect each, so that attempts are counted here and not by what is tested.
    await (await connect({ hostname: "127.0.0.1", port, retry: { maxAttempts: 1 }, attemptTimeout: 0 })).close();
    connected++;
  } catch (error) {
    if (error instanceof SelfConnectError) selfConnects++;
    else if ((error as { code?: string }).code !== "ECONNREFUSED") otherErrors.add(String(error));
  }
}
const growth = megabytes() - memoryBefore;
// Bun closes a refused socket's descriptor one turn of the loop later.
await new Promise((resolve) => setTimeout(resolve, 10));
const outcome: Outcome = {
  attempts,
  connected,
  selfConnects,
  otherErrors: [...otherErrors],
  left: socketsOnPort(port),
  newDescriptors: countDescriptors() - descriptorsBefore,
  growth,
};
console.log(JSON.stringify(outcome));
