import type { Socket } from "node:net";
import type { PortableAdapter } from "../../core/byte_stream.ts";
import { byteStream } from "./byte_stream.ts";
import { adapterFor } from "./driver.ts";

/** The adapter of the portable API on Node, and on other runtimes where their own connect lacks a feature. */
export const nodeAdapter: PortableAdapter<Socket> = { ...adapterFor(undefined), byteStream };
