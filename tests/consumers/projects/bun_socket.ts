/** What a Bun project does with `@realpeer/tcp/bun`. */
import { type BunConnectOptions, connect, SelfConnectError } from "@realpeer/tcp/bun";

interface Session {
  answer: string;
}

const heard: string[] = [];
const { promise: answered, resolve } = Promise.withResolvers<string>();
const options: BunConnectOptions<Session> = {
  hostname: "127.0.0.1",
  port: 40000,
  data: { answer: "" },
  socket: {
    open: () => void heard.push("open"),
    close: () => void heard.push("close"),
    data(socket, chunk) {
      const session: Session = socket.data;
      const bytes: Buffer = chunk;
      session.answer += bytes.toString();
      if (session.answer.length === 5) resolve(session.answer);
    },
  },
};
try {
  await connect(options);
} catch (error) {
  if (!(error instanceof SelfConnectError)) throw error;
  console.log(error.name, error.code, error.attempts, heard.join());
}

const socket: Bun.Socket<Session> = await connect({ ...options, port: 50000, retry: true });
// @ts-expect-error the data is a Session
export const wrong: Bun.Socket<string> = socket;
// @ts-expect-error a handler of another name
export const misspelt: BunConnectOptions["socket"] = { dta() {} };
// @ts-expect-error a socket has no such member: its type is not any
export const missing: unknown = socket.noSuchMember;
socket.write("hello");
console.log(heard.join(), "echo", await answered);
socket.end();
