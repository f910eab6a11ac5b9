/** What `--help` prints, by command; each line fits 80 columns. */
const TEXTS: Readonly<Record<string, string>> = {
  "": `realpeer: TCP connections to real peers, never to oneself

A client that dials a dead local port can be connected, by the kernel, to
itself: the port then looks open, and the real server cannot bind it.

Usage: realpeer COMMAND [OPTION...]

  wait    wait until a real peer accepts on a port, then run a command
  demo    show the self-connection on this machine's kernel
  check   tell whether a server's port is exposed, and what ends the risk
  scan    find live self-connections and the programs that hold them

  -h, --help      this text; after a command, or as realpeer help COMMAND,
                  the options of that command
  -V, --version   the version

Example:
  realpeer wait localhost:5432 --timeout 1m -- npm start

Exit status:
  0  met      1  not met: timed out, found, at risk
  2  usage    3  unexpected, such as a missing right
  A command that wait has run passes its own on.
`,
  wait: `Usage: realpeer wait TARGET... [OPTION...] [-- COMMAND [ARG...]]

Waits until a real peer accepts connections on every target, then runs
COMMAND. A connection that the kernel made to itself does not count.

TARGET is PORT, :PORT, HOST:PORT, [IPV6]:PORT or tcp://HOST:PORT. No host is
localhost. A name means all its addresses; one that does not resolve yet is
waited for.

  --any                 one target is enough
  --free                wait until a server can bind the port instead: nobody
                        listens, and nothing on it is open or in TIME_WAIT;
                        a PORT without a host is bound on every address
  -t, --timeout TIME    for everything (default 30s, 0 for none)
  --attempt-timeout TIME  for one attempt (default 2s, 0 for none)
  --max-delay TIME      longest pause between attempts (default 245ms; 0: none)
  --stable-for TIME     how long the peer must keep the connection open: a
                        port proxy accepts, then hangs up (default 0)
  --while-pid PID       give up at once when that process is gone
  -q, --quiet           no messages but errors of usage
  --json                the result as one JSON document on standard output

TIME is a number with a unit: 250ms, 30s, 5m, 1h, or 0.

COMMAND runs without a shell, when the wait was met. SIGINT, SIGTERM and SIGHUP
are passed on to it (Ctrl-C reaches it from the terminal itself), and its exit
status is the one of realpeer; 128 + n when signal n ended it.

Example:
  realpeer wait localhost:5432 redis:6379 --timeout 1m -- npm start

Exit status:
  0    ready                 3    unexpected: waiting longer would not help
  1    not ready in time,    130  interrupted by SIGINT while waiting
       or the process gone   143  ended by SIGTERM while waiting
  2    usage
`,
  demo: `Usage: realpeer demo [PORT] [OPTION...]

Dials a dead port of this machine with the runtime's own connect until the
kernel connects the socket to itself, then shows both ends, the number of
attempts and the time. Without PORT it takes a dead one that is at risk.

  --attempts N   how often to dial at most (default 65536)
  --hold TIME    keep the connection open, to look at it with ss or netstat;
                 Ctrl-C ends it
  --guarded      the same loop through the guard: no self-connection gets
                 through
  --json         the result as one JSON document

TIME is a number with a unit: 250ms, 30s, 5m, 1h.

Example:
  realpeer demo 41000 --hold 1h

Exit status:
  0  connected to itself; with --guarded: none got through
  1  not within N attempts, or a server has the port
  2  usage
  3  an error that is not a refusal
`,
  check: `Usage: realpeer check PORT... [OPTION...]

Tells whether a client that dials the port while its server is down may be
connected to itself, and so keep the server off. That needs a port that the
kernel gives to clients: in the ephemeral range and not reserved. Linux takes
ports of the parity of the range's low end first.

  --json       an array of one object for each port
  --proc DIR   read DIR instead of /proc

ATTEMPTS is how many connects to the dead port it takes, on average. The
command at the end ends the risk of all the ports that were given, and keeps
what is reserved already.

Example:
  realpeer check 5432 41000

Exit status:
  0  no port is at high risk
  1  one is
  2  usage
  3  unexpected
`,
  scan: `Usage: realpeer scan [OPTION...]

Shows the live self-connections of this host, with the process, user and
command that hold each. Run as root to see the processes of other users.

  --listen           also all listening TCP ports and their programs
  --all-namespaces   every network namespace on the host, containers too
  --watch TIME       look again and again, until Ctrl-C
  --json             the result as one JSON document
  --prometheus       the text exposition format, for a textfile collector
  --proc DIR         read DIR instead of /proc

TIME is a number with a unit: 250ms, 30s, 5m.

Example:
  sudo realpeer scan --all-namespaces --listen

Exit status:
  0  no self-connection
  1  at least one
  2  usage
  3  unexpected, such as no /proc/net on this system
`,
};

/** The help of a command, or of all of it for `""`. */
export function usage(command: string): string {
  return TEXTS[command] ?? TEXTS[""]!;
}
