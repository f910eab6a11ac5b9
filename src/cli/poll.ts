import { after } from "../core/clock.ts";

/** Calls `check` at once and then every `ms` milliseconds, until it returns true or the returned function is called. */
export function poll(ms: number, check: () => boolean): () => void {
  let cancel = (): void => {};
  const turn = (): void => {
    if (!check()) cancel = after(ms, turn);
  };
  turn();
  return () => cancel();
}
