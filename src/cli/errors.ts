/** The exit statuses of all commands; COMMAND's own status is passed on. */
export const Status = { MET: 0, NOT_MET: 1, USAGE: 2, UNEXPECTED: 3 } as const;

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A signal told the process to end. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  /** 128 and the signal's number, as shells report it. */
  readonly status: number;

  constructor(status: number) {
    super("interrupted");
    this.status = status;
  }
}
