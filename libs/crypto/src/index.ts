export * from './error.js';
export * from './local-signer.js';
export * from './mnemonic.js';
export * from './native-secp256k1.js';
export { type RecoveryRecord } from './recovery-batch.js';
export * from './sender-recovery-pool.js';
export * from './sign.js';
