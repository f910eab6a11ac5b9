/** Ports from `low` to `high`, both included. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** Which ports a kernel gives to clients that do not choose their own. */
export interface PortSettings {
  readonly range: PortRange;
  /** Ports of the range that are left out. */
  readonly reserved: readonly PortRange[];
  /** Ports that the system keeps for itself: it gives them to no client, and no server can bind them. */
  readonly unbindable?: readonly PortRange[] | undefined;
  /** Whether connect() first takes the ports with the parity of the range's low end, as Linux does since 4.2. */
  readonly prefersParity: boolean;
}

/** How likely the kernel is to give a client the port that the client dials, and so to connect it to itself. */
export interface PortRisk {
  /** `"low"`: only when the preferred ports are used up, or for a client that binds before it connects. */
  readonly risk: "none" | "low" | "high";
  /** The reasons in words; at least one. */
  readonly reasons: readonly string[];
  /** The average number of connects to the dead port until one is connected to itself; null where it is unknown. */
  readonly expectedAttempts: number | null;
}

/**
 * Reads a port list in the kernel's format, `"8080,9148-9150"`; an empty text is a list without ports.
 *
 * @throws SyntaxError when the text has another shape
 */
export function parsePortList(text: string): PortRange[] {
  return text.split(",").map((part) => part.trim()).filter(Boolean).map((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) throw new SyntaxError(`Cannot read port list: expected PORT or PORT-PORT, got "${part}"`);
    const low = Number(match[1]);
    return { low, high: match[2] === undefined ? low : Number(match[2]) };
  });
}

/** Writes a port list in the kernel's format: sorted, adjacent ranges joined. */
export function formatPortList(list: readonly PortRange[]): string {
  const joined: { low: number; high: number }[] = [];
  for (const { low, high } of list.toSorted((a, b) => a.low - b.low)) {
    const last = joined.at(-1);
    if (last !== undefined && low <= last.high + 1) last.high = Math.max(last.high, high);
    else joined.push({ low, high });
  }
  return joined.map(({ low, high }) => low === high ? `${low}` : `${low}-${high}`).join(",");
}

/** Whether the port is in one of the ranges. */
export function includesPort(list: readonly PortRange[], port: number): boolean {
  return list.some(({ low, high }) => low <= port && port <= high);
}

/** Whether the kernel may give this port to a client as its own: it is in the ephemeral range and not reserved. */
export function isAtRisk(port: number, { range, reserved }: PortSettings): boolean {
  return includesPort([range], port) && !includesPort(reserved, port);
}

/** The highest port that connect() gives to a client: of an odd number of ports Linux never uses the last. */
function lastHandedOut({ range: { low, high }, prefersParity }: PortSettings): number {
  return prefersParity && high > low && (high - low) % 2 === 0 ? high - 1 : high;
}

/**
 * The ports that clients get first. Linux walks the ports with the parity of the range's low end in random steps, and
 * the other ports only when all of the former are taken or reserved (net/ipv4/inet_hashtables.c, __inet_hash_connect).
 */
export function portsAtRisk(settings: PortSettings): number[] {
  const { range: { low }, reserved, unbindable = [], prefersParity } = settings;
  // A table, because the list may be as long as the range.
  const isReserved = new Uint8Array(65536);
  for (const { low, high } of [...reserved, ...unbindable]) isReserved.fill(1, low, high + 1);
  const ports: number[] = [];
  for (let port = low; port <= lastHandedOut(settings); port++) if (isReserved[port] === 0) ports.push(port);
  const preferred = prefersParity ? ports.filter((port) => (port - low) % 2 === 0) : ports;
  return preferred.length > 0 ? preferred : ports;
}

function parity(port: number): string {
  return port % 2 === 0 ? "even" : "odd";
}

/**
 * Whether the kernel can pick this port for a client that dials it. All ports at risk are equally likely, so the
 * average number of attempts is the number of these ports.
 */
export function assessPort(port: number, settings: PortSettings): PortRisk {
  const { range, reserved, unbindable = [], prefersParity } = settings;
  const name = `${range.low}-${range.high}`;
  if (includesPort(unbindable, port)) {
    const reasons = [
      "no server can bind it: the system keeps it for itself, as Windows does for Hyper-V, WSL and Docker",
    ];
    return { risk: "none", reasons, expectedAttempts: null };
  }
  if (!includesPort([range], port)) {
    return { risk: "none", reasons: [`outside the ephemeral range ${name}`], expectedAttempts: null };
  }
  if (includesPort(reserved, port)) {
    return { risk: "none", reasons: ["reserved: clients do not get it"], expectedAttempts: null };
  }
  const inRange = `in the ephemeral range ${name}`;
  const atRisk = portsAtRisk(settings);
  const isPreferred = (port - range.low) % 2 === 0;
  if (atRisk.includes(port)) {
    const why = isPreferred ? "clients get these first" : `and no ${parity(port + 1)} port is left`;
    const reasons = prefersParity ? [inRange, `${parity(port)}: ${why}`] : [inRange];
    return { risk: "high", reasons, expectedAttempts: atRisk.length };
  }
  const why = isPreferred
    ? "the last of an odd number, which clients do not get"
    : `${parity(port)}: only when the ${parity(port + 1)} ones are taken`;
  return { risk: "low", reasons: [inRange, why], expectedAttempts: null };
}
