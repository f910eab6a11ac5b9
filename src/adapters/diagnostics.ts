import { channel } from "node:diagnostics_channel";
import type { EndpointPair } from "../core/endpoint.ts";

const rejected = channel("realpeer:self-connect");

/** Publishes a rejected self-connection, as `{ local, remote }`, to the subscribers in this process. */
export function publishSelfConnection({ local, remote }: EndpointPair): void {
  if (rejected.hasSubscribers) rejected.publish({ local, remote });
}
