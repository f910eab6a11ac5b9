import { toHostname } from "../core/endpoint.ts";
import { ownProperties, show } from "../core/checks.ts";

/** The options of `Connection.startTls`. Certificates and keys are PEM texts. */
export interface StartTlsOptions {
  /** The name or address that the peer's certificate must match. @defaultValue the dialed one */
  readonly hostname?: string | undefined;
  /** The authorities, or self-signed certificates, to trust. @defaultValue those of the runtime */
  readonly ca?: string | readonly string[] | undefined;
  /** Our own certificate, for a peer that asks for one. */
  readonly cert?: string | undefined;
  /** The private key of `cert`. */
  readonly key?: string | undefined;
  /** The protocols to offer (ALPN), the preferred one first. */
  readonly alpnProtocols?: readonly string[] | undefined;
  /** Accepts any certificate. @defaultValue `false` */
  readonly insecure?: boolean | undefined;
}

const PEM = "PEM text, with a line that begins with -----BEGIN";
/** RFC 7468, 2. */
const isPem = (value: unknown): boolean => typeof value === "string" && value.includes("-----BEGIN ");
const isProtocol = (value: unknown): boolean =>
  typeof value === "string" && value !== "" && new TextEncoder().encode(value).length <= 255;

/** What each option must be. */
const SHAPES: Readonly<
  Record<keyof StartTlsOptions, readonly [expected: string, isRight: (value: unknown) => boolean]>
> = {
  // An empty name would become "localhost" in node:tls.
  hostname: ["a name or an address", (value) => typeof value === "string" && toHostname(value) !== null],
  ca: [`${PEM}, or a list of such texts`, (value) => [value].flat().every(isPem)],
  cert: [PEM, isPem],
  key: [PEM, isPem],
  alpnProtocols: ["a list of names of 1 to 255 bytes", (value) => Array.isArray(value) && value.every(isProtocol)],
  insecure: ["true or false", (value) => typeof value === "boolean"],
};

/**
 * @throws TypeError for an unknown option or a value of another type: either may decide which peer is trusted
 * @internal
 */
export function assertTlsOptions(options: StartTlsOptions): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot start TLS: options must be an object, got ${show(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(SHAPES, name)) {
      throw new TypeError(`Cannot start TLS: unknown option "${name}", known are ${Object.keys(SHAPES).join(", ")}`);
    }
    const [expected, isRight] = SHAPES[name as keyof StartTlsOptions];
    if (value !== undefined && !isRight(value)) {
      // The text may be a private key, so the message does not show it.
      const got = expected.startsWith(PEM) && typeof value === "string" ? "another text" : show(value);
      throw new TypeError(`Cannot start TLS: ${name} must be ${expected}, got ${got}`);
    }
  }
  const { cert, key } = ownProperties(options);
  if ((cert === undefined) !== (key === undefined)) throw new TypeError("Cannot start TLS: give cert and key together");
}
