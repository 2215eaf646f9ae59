import { type BlockScope, placeIn } from './block-scope.js';
import { LedgerHaltError } from './halt-error.js';

/** Decodes an entry; one that cannot be read must not stand in the log. @throws LedgerHaltError */
export function readEntry<T>(block: BlockScope, sequence: bigint, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new LedgerHaltError(
      { code: 'HALT_ENTRY_UNREADABLE', ...placeIn(block, sequence), detail },
      `The entry cannot be read: ${detail}`,
      { cause: error },
    );
  }
}
