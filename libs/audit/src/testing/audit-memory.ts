import { recoverAddress } from '#libs/crypto';
import type { historyFixtures } from '#libs/testkit';
import { type AuditOptions, type AuditReport, auditLog } from '../run/audit-log.js';
import { type MemoryLog, memoryLog, memorySource } from './memory-source.js';

/** A copy of what a network in memory has logged. */
export const toLog = ({ genesis, blocks, entries }: historyFixtures.TinyNetwork): MemoryLog =>
  structuredClone(memoryLog(genesis, blocks, entries));

/** Audits a log in memory. */
export const auditMemory = (log: MemoryLog, options: Partial<AuditOptions> = {}): Promise<AuditReport> =>
  auditLog({
    source: memorySource(log),
    recover: recoverAddress,
    recoverSenders: (records) =>
      Promise.resolve(
        records.map(({ signingHash, signature, recoveryId }) =>
          recoverAddress(signingHash, Uint8Array.of(...signature, recoveryId)),
        ),
      ),
    ...options,
  });

/** The rules that an audit found broken, as in `I2 BLOCK_HASH`. */
export const rulesOf = ({ counts }: AuditReport): string[] => Object.keys(counts);
