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

const NAMES: ReadonlySet<string> = new Set<keyof StartTlsOptions>(
  ["hostname", "ca", "cert", "key", "alpnProtocols", "insecure"],
);

/**
 * @throws TypeError for an unknown option: a misspelt one may decide which peer is trusted
 * @internal
 */
export function assertTlsOptions(options: StartTlsOptions): void {
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name)) {
      throw new TypeError(`Cannot start TLS: unknown option "${name}", known are ${[...NAMES].join(", ")}`);
    }
  }
}
