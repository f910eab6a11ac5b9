import { ConnectTimeoutError, SelfConnectError } from "../core/errors.ts";

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  EADDRNOTAVAIL: "address not available",
  ENOTFOUND: "the name does not resolve",
  EAI_AGAIN: "the name does not resolve, the name server does not answer",
  EAI_NODATA: "the name does not resolve",
  EAI_NONAME: "the name does not resolve",
  DNS_ENOTFOUND: "the name does not resolve",
  EACCES: "this user may not connect there",
  EPERM: "this user may not connect there",
};

/** Why an attempt failed, in a few words. */
export function describeFailure(error: unknown): string {
  if (error instanceof SelfConnectError) return "nobody listens, the kernel connected the socket to itself";
  if (error instanceof ConnectTimeoutError) return "no answer";
  if (!(error instanceof Error)) return String(error);
  const { name, code, message } = error as Error & { code?: unknown };
  if (name === "PortTakenError") return message;
  const hungUp = /the peer hung up .*/.exec(message);
  if (hungUp) return hungUp[0];
  // What Deno says instead of a code.
  if (message.startsWith("failed to lookup address")) return "the name does not resolve";
  if (typeof code === "string" && Object.hasOwn(WORDS, code)) return WORDS[code]!;
  return message || String(code ?? name);
}
