import type { PortableAdapter } from "../../core/byte_stream.ts";
import { byteStream } from "./byte_stream.ts";
import { adapterFor } from "./driver.ts";

/** The adapter of the portable API on Deno. */
export const denoAdapter: PortableAdapter<Deno.TcpConn> = { ...adapterFor(undefined), byteStream };
