/** The text of `--help` for each command; each line fits 80 columns. */
const TEXTS: Readonly<Record<string, string>> = {
  "": `realpeer: TCP connections to real peers, never to itself

A client that dials a dead local port can be connected, by the kernel, to
itself: the port then looks open, and the real server cannot bind it.

Usage: realpeer COMMAND [OPTION...]

  wait    wait until a real peer accepts on a port, then run a command
  start   start a server, wait for it, run a command, stop the server
  demo    show the self-connection on this machine's kernel
  check   tell whether a server's port is exposed, and what ends the risk
  scan    find live self-connections and the programs that hold them
  shield  keep ports from every client of this host, without root

  -h, --help      this text; after a command, or as realpeer help COMMAND,
                  the options of that command
  -V, --version   the version

Example:
  realpeer wait localhost:5432 --timeout 1m -- npm start

Exit status:
  0  met      1  not met: timed out, found, at risk
  2  usage    3  unexpected, such as a missing right
  With a COMMAND, wait, start and shield exit with COMMAND's status.
`,
  wait: `Usage: realpeer wait TARGET... [OPTION...] [-- COMMAND [ARG...]]

Waits until a real peer accepts connections on every target, then runs
COMMAND. A connection that the kernel made to itself does not count.

TARGET is one of
  PORT, HOST:PORT, [IPV6]:PORT, tcp://HOST:PORT   a peer accepts; no host is
                        localhost, a name means all its addresses
  http://HOST:PORT/PATH, https://...              a peer answers with a status
                        that counts; no proxy is asked, no redirect followed
  unix:PATH                                       a peer accepts on the socket

  --any                 wait until one target is ready
  --free                wait until a server can bind the port instead: there is
                        no listener on it, and no connection that is open or
                        in TIME_WAIT; a PORT without a host is bound on every
                        address
  -t, --timeout TIME    for everything (default 30s, 0 for none)
  --attempt-timeout TIME  for one attempt (default 2s, for an HTTP answer 10s,
                        0 for none)
  --max-delay TIME      longest pause between attempts; 0: no upper limit
                        (default 250ms; on Linux up to 2s for a port of this
                        host, where a new socket ends the pause)
  --status LIST         HTTP statuses that count, as 200,204 or 200-399 or 2xx
                        (default 200-399)
  --insecure            accept any certificate
  --stable-for TIME     how long the peer must keep the connection open: a
                        port proxy accepts, then hangs up (default 0); for a
                        URL an answer is enough
  --shield              while waiting, keep these ports from all clients of
                        this host, so that none can take one from the server
  --while-pid PID       give up at once when that process is gone
  -q, --quiet           no messages but errors of usage
  --json                the result as one JSON document on standard output

TIME is a number with a unit: 250ms, 30s, 5m, 1h, or 0.

COMMAND runs without a shell, when the wait was met. SIGINT, SIGTERM, SIGHUP,
SIGQUIT, SIGUSR1, SIGUSR2 and SIGWINCH are passed on to it (Ctrl-C reaches it
from the terminal itself), and its exit status is the one of realpeer; 128 + n
when signal n ended it.

REALPEER_TIMEOUT and REALPEER_MAX_DELAY in the environment are the defaults of
--timeout and --max-delay.

Examples:
  realpeer wait localhost:5432 redis:6379 --timeout 1m -- npm start
  realpeer wait http://localhost:3000/health --status 200
  realpeer wait unix:/run/postgresql/.s.PGSQL.5432 -- psql

Exit status:
  0    ready                 126  COMMAND may not be run
  1    not ready in time,    127  there is no such COMMAND
       or the process gone   130  interrupted by SIGINT while waiting
  2    usage                 143  ended by SIGTERM while waiting
  3    unexpected: waiting longer would not help
`,
  start: `Usage: realpeer start SERVER TARGET... [OPTION...] [-- COMMAND [ARG...]]

Starts a server, waits until a real peer accepts on every target, runs COMMAND,
then stops the server with all that it has started, daemons included.

SERVER is one argument, a command line for the system's shell: "npm run dev".
TARGET is what realpeer wait takes. For several servers let COMMAND be another
realpeer start.

  --reuse               take a server that listens already: do not start one,
                        do not stop it; without this it is an error
  --stop-signal NAME    the signal that stops the server (default SIGTERM)
  --stop-timeout TIME   how long it may take to end before SIGKILL
                        (default 5s; 0: SIGKILL at once)
  --log FILE            write the server's output there
  -q, --quiet           no messages but errors of usage
  --json                the result as one JSON document on standard output;
                        the server's own goes to standard error. Each target
                        has pid, command and ownTree: who listens, and whether
                        that is a process of the server (Linux)

Also --any, -t, --timeout, --attempt-timeout, --max-delay, --stable-for,
--status, --insecure, --shield and --while-pid, as in realpeer wait.

Without COMMAND the server runs until realpeer is interrupted. A second
interrupt while it is being stopped kills at once. On Linux also a daemon that
has left its process group, session, parent and environment is found. When
realpeer itself is killed (SIGKILL), the server goes on running.

Examples:
  realpeer start "npm run dev" http://localhost:5173 -- npx playwright test
  realpeer start redis-server 6379 -- realpeer start "npm start" 80 -- npm test

Exit status:
  that of COMMAND, or without one that of a server which ends by itself; else
  1    not ready in time, the server ended, or another already listens
  2    usage                 126  COMMAND may not be run
  3    unexpected            127  there is no such COMMAND
  128 + n: ended by a signal, as 130 by SIGINT, 140 by SIGUSR2
`,
  demo: `Usage: realpeer demo [PORT] [OPTION...]

Dials a dead port of this machine with the runtime's own connect until the
kernel connects the socket to itself, then shows both ends, the number of
attempts and the time. Without PORT it takes a dead one that is at risk.

  --attempts N   how many times to dial at most (default 65536)
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
  shield: `Usage: realpeer shield PORT... [OPTION...] [-- COMMAND [ARG...]]

Keeps these ports from being given to any client of this host, in any program
and without root, while COMMAND runs, or until it is interrupted: no client
can be connected to itself on them. Linux only; elsewhere it says so and runs
COMMAND.

Servers can start on the ports meanwhile: with SO_REUSEADDR, as nearly all set
it, on every address; without it on one address.

  -q, --quiet   no messages
  --json        { ports: [{ port, state }] } on standard output, as soon as
                all are safe

A port is held; or a server listens on it, and it is held as soon as the
server stops listening; or it is not at risk, because the kernel gives it to
no client in any case.

Example:
  realpeer shield 41000 41002 -- npm run dev

Exit status:
  COMMAND's; without one 130 when SIGINT ended it, 143 SIGTERM, 129 SIGHUP
  2  usage
  3  unexpected, such as no IPv4 loopback address
`,
};

/** The help of a command, or the general help for `""`. */
export function usage(command: string): string {
  return TEXTS[command] ?? TEXTS[""]!;
}
