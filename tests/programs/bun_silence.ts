/**
 * In a namespace with a firewall of its own: connects to a loopback port that refuses twice and is then served, to one
 * that falls silent in between, and to another as long as that silence has not been answered, and prints as JSON with
 * which connect of Bun each was opened. bun_silence.ts PORT
 */
import { execFileSync } from "node:child_process";
import { Socket } from "node:net";
import { connect, type RetryContext } from "../../mod.ts";
import { startServer, type TcpServer, unusedPort } from "../fixtures/tcp_server.ts";

export interface Outcome {
  readonly before: string;
  readonly after: string;
  readonly meanwhile: string;
}

const hostname = "127.0.0.1";
const silentPort = Number(process.argv[2]);
const flush = (): unknown => execFileSync("iptables", ["-F", "INPUT"]);
const silence = (): unknown =>
  execFileSync("iptables", ["-A", "INPUT", "-p", "tcp", "--dport", String(silentPort), "-j", "DROP"]);

type OnRetry = (context: RetryContext, listen: () => void) => void;

async function opener(port: number, onRetry: OnRetry): Promise<string> {
  let server: Promise<TcpServer> | undefined;
  const listen = (): void => void (server ??= startServer(() => {}, hostname, port));
  await using connection = await connect({
    hostname,
    port,
    retry: { initialDelay: 20, multiplier: 1 },
    attemptTimeout: 150,
    onRetry: (context) => onRetry(context, listen),
  });
  await using _server = await server!;
  return connection.native instanceof Socket ? "node:net" : "Bun.connect";
}

const serveAfterTwo: OnRetry = ({ attempt }, listen) => attempt === 2 && listen();

flush();
const outcome: Outcome = {
  before: await opener(silentPort, serveAfterTwo),
  after: await opener(silentPort, ({ attempt, error }, listen) => {
    if (attempt === 2) silence();
    if ((error as Error).name !== "ConnectTimeoutError") return;
    flush();
    listen();
  }),
  // The SYN that was dropped is sent again a second after it (RFC 6298, 2.1).
  meanwhile: await opener(await unusedPort(), serveAfterTwo),
};
console.log(JSON.stringify(outcome));
