import { z } from 'zod';
import { missing } from '../schema/missing.js';
import { pageQuery } from '../schema/page.js';
import { blockNumber, decimal, hash, logTime } from '../schema/scalars.js';

export const AuditRow = z
  .object({
    id: decimal.describe('Without gaps from 1.'),
    timestampMs: logTime,
    actor: z.string().describe('Who gave the command.'),
    command: z.string(),
    detail: z.unknown(),
    block: blockNumber.describe('In whose transaction it was written.'),
    previousHash: hash,
    hash: hash.describe('keccak over the row and the hash before (docs/protocol.md).'),
  })
  .meta({ id: 'AuditRow', description: 'An admin command that changed something.' });

export const AuditChain = z
  .object({
    verifiedTo: decimal.describe('The rows up to this id were recomputed by this process.'),
    hash: hash
      .nullable()
      .describe(
        'Of that row: compare it with a copy kept elsewhere. A chain cannot show that its newest rows were cut off.',
      ),
    fault: z
      .object({ id: decimal, fault: z.enum(['gap', 'previous_hash', 'time', 'hash']) })
      .nullable()
      .describe('The first row that does not belong; null: the chain is whole.'),
  })
  .meta({ id: 'AuditChain', description: 'What recomputing the hash chain gave.' });

export const AuditPage = z
  .object({ items: z.array(AuditRow), nextCursor: z.string().nullable(), chain: AuditChain, missing })
  .meta({ id: 'AuditPage', description: 'A page of the audit log, and whether its chain holds.' });

export const AuditQuery = z.strictObject(pageQuery);
