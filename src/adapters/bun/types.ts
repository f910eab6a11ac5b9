/**
 * The type of `Bun.connect` in Bun's own types, with a fallback where these are not loaded. `deno publish` refuses the
 * namespace itself in a public signature, because it checks signatures without `compilerOptions.types`.
 *
 * @ignore
 */
type Connect = typeof globalThis extends { readonly Bun: { readonly connect: infer Declared } } ? Declared
  : <Data>(options: { readonly socket: object; readonly data?: Data }) => Promise<object>;

/** @ignore */
declare const connect: Connect;

/** `Bun.Socket`, where Bun's types are loaded. */
export type BunSocket<Data> = Awaited<ReturnType<typeof connect<Data>>>;

/** What `Bun.connect` takes for TCP, where Bun's types are loaded. */
export type BunSocketOptions<Data> = typeof connect<Data> extends
  { (tcp: infer Options): unknown; (unix: infer _): unknown } ? Options : never;
