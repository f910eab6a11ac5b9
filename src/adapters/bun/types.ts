/**
 * `Bun.connect` as Bun's own types declare it, and what is left of it where they are not loaded. Naming the namespace
 * itself in a public signature is refused by `deno publish`, which checks signatures without `compilerOptions.types`.
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
