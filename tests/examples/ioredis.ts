/** ioredis: new Redis({ host, port, Connector: GuardedConnector }). In a project of yours the import is "@realpeer/tcp/node". */
import { AbstractConnector } from "ioredis";
import { createConnection } from "../../src/adapters/node.ts";

interface ConnectorOptions {
  readonly host: string;
  readonly port: number;
  readonly disconnectTimeout: number;
}

export class GuardedConnector extends AbstractConnector {
  readonly #options: ConnectorOptions;

  constructor(options: unknown) {
    super((options as ConnectorOptions).disconnectTimeout);
    this.#options = options as ConnectorOptions;
  }

  override connect(): Promise<ReturnType<typeof createConnection>> {
    this.connecting = true;
    this.stream = createConnection(this.#options);
    return Promise.resolve(this.stream);
  }
}
