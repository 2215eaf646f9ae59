import { type Genesis, logId } from '#libs/protocol';

const logIds = new WeakMap<Genesis, Uint8Array>();

/** The log id, 32 bytes. Remembered for each value: a genesis can hold a million balances. */
export function logIdOf(genesis: Genesis): Uint8Array {
  let id = logIds.get(genesis);
  if (!id) logIds.set(genesis, (id = logId(genesis)));
  return id;
}
