import { z } from 'zod';
import { SHARED_LANE } from '#libs/protocol';
import { pageOf, pageQuery } from '../schema/page.js';
import { address, blockNumber, chainId, decimal, hash, hexBytes, logTime } from '../schema/scalars.js';
import { ENTRY_KINDS } from './entry-kinds.js';

export const entryKind = z.enum(ENTRY_KINDS).describe('What kind of entry it is.');

const fields = {
  sequence: decimal.describe('Global sequence.'),
  block: blockNumber,
  timestampMs: logTime,
  lane: chainId,
  laneSequence: decimal,
  kind: entryKind,
  id: hash.describe("A transaction's hash; of other kinds the keccak of the entry."),
  sender: address.nullable().describe('Who signed it, of transactions.'),
  nonce: decimal.nullable().describe('Of transactions.'),
};

export const Entry = z.object(fields).meta({ id: 'Entry', description: 'One element of the log.' });
export const EntryPage = pageOf(Entry, 'EntryPage');

export const EntryDetail = z
  .object({
    ...fields,
    bytes: hexBytes.describe('The serialised entry: kind byte ‖ body.'),
    content: z
      .record(z.string(), z.unknown())
      .describe(
        "The body's fields by their names in the protocol (docs/protocol.md): bytes as 0x hex, integers that can exceed 2^53 as decimal strings.",
      ),
  })
  .meta({ id: 'EntryDetail', description: 'An entry with its content.' });

export const EntriesQuery = z.strictObject({
  ...pageQuery,
  rollup: z.coerce
    .number()
    .int()
    .min(SHARED_LANE)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe("Entries of this rollup's lane; 0: of the shared lane."),
  kind: entryKind.optional(),
  sender: address.optional().describe('Transactions of this account.'),
  hash: hash.optional().describe('The entry with this id.'),
  block: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional().describe('Entries of this block.'),
});

export const EntryParam = z
  .string()
  .regex(/^([1-9][0-9]{0,18}|0x[0-9a-fA-F]{64})$/, 'must be a sequence from 1 on, or an id of 32 bytes')
  .describe('Its sequence, or its id.');
