import { z } from 'zod';
import { pageOf, pageQuery } from '../schema/page.js';
import { address, blockNumber, chainId, count, decimal, hash, logTime, signature } from '../schema/scalars.js';

const header = {
  number: blockNumber,
  hash,
  parentHash: hash,
  epoch: count.describe("The leader's term."),
  timestampMs: logTime,
  firstSequence: decimal.describe('Sequence of its first entry, or of the next one to come.'),
  entryCount: count,
  leader: address,
};

export const Block = z.object(header).meta({ id: 'Block', description: 'A signed block, without its entries.' });
export const BlockPage = pageOf(Block, 'BlockPage');

export const Lane = z
  .object({
    chainId,
    firstLaneSequence: decimal,
    entryCount: count,
    root: hash,
  })
  .meta({ id: 'Lane', description: 'What a block holds of one lane.' });

export const BlockDetail = z
  .object({
    ...header,
    version: count,
    lanesRoot: hash,
    registryRoot: hash,
    signature: signature.describe("The leader's signature over the header."),
    lanes: z.array(Lane).describe('The shared lane, then one for each rollup in the order of the registry.'),
  })
  .meta({ id: 'BlockDetail', description: 'A block with its lanes; its entries: `/api/v1/entries?block=`.' });

export const BlocksQuery = z.strictObject(pageQuery);
export const BlockParam = z
  .string()
  .regex(/^([1-9][0-9]{0,15}|0x[0-9a-fA-F]{64})$/, 'must be a number from 1 on, or a hash')
  .describe('Its number from 1 on, or its hash. Block 0 is genesis: see `/api/v1/configuration`.');
