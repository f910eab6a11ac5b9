/**
 * Shields a port, starts a server on it, asks that, and prints what it answered.
 *
 *   shielded_server.ts SERVER FOLDER PORT
 */
import { once } from "node:events";
import net from "node:net";
import process from "node:process";
import { shieldPort } from "../../mod.ts";
import { askedServers } from "../fixtures/plain_servers.ts";

export interface Answered {
  /** Of the shield: before the server started, while it ran, and after it was stopped. */
  readonly states: readonly string[];
  readonly answer: string;
}

const [name = "", folder = "", portText] = process.argv.slice(2);
const port = Number(portText);
const { kind, question } = askedServers[name]!;

/** The first bytes of the server's answer; it may listen before it can answer. */
async function ask(): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    if (question !== "") socket.write(question, "latin1");
    let answer = "";
    for await (const chunk of socket.setEncoding("latin1")) {
      answer += chunk;
      if (!question.startsWith("GET")) break;
    }
    return answer;
  } finally {
    socket.destroy();
  }
}

const shield = await shieldPort(port);
const states: string[] = [shield.state];
const server = await kind.start(folder, port);
states.push(shield.state);
const answer = await ask();
await server.stop();
states.push(shield.state);
console.log(JSON.stringify({ states, answer } satisfies Answered));
process.exit(0);
