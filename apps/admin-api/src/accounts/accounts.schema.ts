import { z } from 'zod';
import { missing } from '../schema/missing.js';
import { pageQuery } from '../schema/page.js';
import { address, blockNumber, chainId, count, decimal, hash, logTime } from '../schema/scalars.js';

const place = {
  chainId,
  block: blockNumber.describe('The block after which this held.'),
  timestampMs: logTime,
  answeredBy: z.enum(['voting', 'replica']).describe('Which executor answered; unsigned.'),
};
const amounts = { available: decimal, held: decimal.describe('Reserved by undecided operations.') };

export const Balance = z
  .object({ asset: address, symbol: z.string(), decimals: count, ...amounts })
  .meta({ id: 'Balance', description: 'In base units of the asset.' });

export const AccountState = z
  .object({ ...place, account: address, nonce: decimal, balances: z.array(Balance) })
  .meta({ id: 'AccountState', description: 'An account on one rollup, as its executor has it.' });

export const Account = z
  .object({
    account: address,
    rollups: z.array(AccountState).describe('Of those rollups whose executor answered.'),
    missing,
  })
  .meta({ id: 'Account', description: 'An account on all rollups.' });

export const Position = z
  .object({
    series: hash,
    holder: address.nullable().describe('Of long positions.'),
    backer: address,
    asset: address.nullable().describe('Of collateral.'),
    ...amounts,
  })
  .meta({ id: 'Position', description: 'Options held, owed, or the collateral locked for them, in base units.' });

export const PositionPage = z
  .object({ ...place, items: z.array(Position), nextCursor: z.string().nullable(), missing })
  .meta({
    id: 'PositionPage',
    description:
      'A page of a changing state: a row that goes and comes again meanwhile may be in two pages or in none.',
  });

export const positionSide = z
  .enum(['long', 'short', 'collateral'])
  .default('long')
  .describe('What an account holds, what it owes as backer, or what is locked for that.');

export const AccountPositionsQuery = z.strictObject({ ...pageQuery, side: positionSide, series: hash.optional() });
export const PositionsQuery = z.strictObject({
  ...pageQuery,
  side: positionSide,
  series: hash.optional(),
  account: address.optional(),
});

/** Answers of executors: docs/protocol.md, section 11. */
const placeAnswer = { chainId: z.int(), number: z.int(), timestampMs: z.int() };
export const AccountAnswer = z.object({
  ...placeAnswer,
  account: z.string(),
  nonce: z.string(),
  balances: z.array(Balance),
});
export const PositionsAnswer = z.object({
  ...placeAnswer,
  rows: z.array(
    z.object({
      series: z.string(),
      holder: z.string().optional(),
      backer: z.string(),
      asset: z.string().optional(),
      available: z.string(),
      held: z.string(),
    }),
  ),
  nextCursor: z.string().nullable(),
});
