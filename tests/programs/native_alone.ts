/** A program whose only work is one call that is refused. native_alone.ts PORT caught|uncaught|connect [HOST] */
const [port, how, host = "127.0.0.1"] = "Deno" in globalThis ? Deno.args : process.argv.slice(2);

if (how === "connect") {
  const connecting = "Deno" in globalThis
    ? Deno.connect({ hostname: host.replace(/[[\]]/g, ""), port: Number(port) })
    : Bun.connect({ hostname: "127.0.0.1", port: Number(port), socket: { data() {} } });
  console.log(await connecting.then(() => "connected", ({ code }) => code));
} else {
  const call = fetch(`http://${host}:${port}/`);
  console.log(how === "caught" ? await call.catch(({ name }) => name) : await call);
}
