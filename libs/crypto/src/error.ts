import { LockstepError } from '#libs/protocol';

/** What can go wrong in this lib. */
export type CryptoErrorType =
  | { code: 'NATIVE_SECP256K1_MISSING' }
  | { code: 'MNEMONIC_INVALID'; words: number }
  | { code: 'PRIVATE_KEY_INVALID' }
  | { code: 'RECOVERY_QUEUE_FULL'; records: number; recordsPending: number; recordsMax: number }
  | { code: 'RECOVERY_WORKER_CRASHED'; records: number }
  | { code: 'RECOVERY_POOL_CLOSED' };

/** An error of this lib, by its code. */
export class CryptoError extends LockstepError<CryptoErrorType> {}
