/**
 * Lets an unguarded client, or one that `register` cannot reach, dial a dead port of a lab namespace, and prints what it
 * believes, and who holds the port.
 */
import { clients } from "../clients/all_clients.ts";
import type { Guard } from "../clients/client.ts";
import { socketsOnPort } from "./host_sockets.ts";

export interface Belief {
  /** What the client was told, or believes to have been told; undefined while it is still waiting. */
  readonly answer?: unknown;
  /** The error it came to, which is not the refusal that it ought to be. */
  readonly error?: { readonly name: string; readonly code?: string; readonly message: string };
  /** What keeps the server off the port by then: `01`, a connection, or `06`, TIME-WAIT. */
  readonly states: readonly string[];
}

/** Long enough for every client that notices anything at all, on a busy machine too. */
const WAIT_MS = 4000;
/** Less than the pause of each client between two dials. */
const LOOK_AGAIN_MS = 10;

const [name, guard, portText] = process.argv.slice(2) as [string, Guard, string];
const port = Number(portText);
if (guard === "register") await import("../../src/api/register.ts");
const client = clients[name]!;
const session = await client.open(port, guard, () => {});
const asked = Promise.resolve(session.ask()).then(
  (answer) => ({ answer }),
  ({ name, code, message, cause }) => ({ error: { name, code: code ?? cause?.code, message } }),
);
const belief = await Promise.race([asked, new Promise<object>((resolve) => setTimeout(() => resolve({}), WAIT_MS))]);
// A connection that the guard resets is there for a turn of the event loop: what keeps a server off is still there later.
const isHeld = socketsOnPort(port).length > 0;
await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
// Of a connection to itself there is one line with both ends on the port.
const states = isHeld ? socketsOnPort(port).map((socket) => socket.slice(0, 2)) : [];
console.log(JSON.stringify({ ...belief, states } satisfies Belief));
process.exit(0);
