import { formatUnits, type Hex } from 'viem';
import { table } from '../console.js';
import { readContract, type World } from './world.js';

/** Who the tables show. */
export interface Party {
  name: string;
  address: Hex;
}

/** Balances of parties on every rollup, by row label. */
export type Balances = Map<string, bigint[]>;

/** Reads what the parties have available of both assets on every rollup. */
export async function readBalances(world: World, parties: readonly Party[]): Promise<Balances> {
  const rows = await Promise.all(
    parties.flatMap(({ name, address }) =>
      (['ETH', 'USD'] as const).map(async (symbol): Promise<[string, bigint[]]> => {
        const asset = symbol === 'ETH' ? world.eth : world.usd;
        const amounts = await Promise.all(
          world.rollups.map((rollup) => readContract<bigint>(rollup, 'balanceOf', [asset, address])),
        );
        return [`${name} ${symbol}`, amounts];
      }),
    ),
  );
  return new Map(rows);
}

/** Prints balances before and after a step; rows without a change are left out. */
export function printBalances(world: World, before: Balances, after: Balances): void {
  const header = ['balance', ...world.rollups.flatMap(({ name }) => [`${name} before`, 'after'])];
  const rows: string[][] = [];
  for (const [label, amounts] of after) {
    const earlier = before.get(label) ?? [];
    if (amounts.every((amount, index) => amount === earlier[index])) continue;
    const decimals = label.endsWith('USD') ? 6 : 18;
    rows.push([
      label,
      ...amounts.flatMap((amount, index) => [show(earlier[index] ?? 0n, decimals), show(amount, decimals)]),
    ]);
  }
  if (rows.length === 0) table([['balance'], ['nothing changed']]);
  else table([header, ...rows]);
}

/** Whether nothing differs. */
export const sameBalances = (a: Balances, b: Balances): boolean =>
  [...b].every(([label, amounts]) => amounts.every((amount, index) => amount === a.get(label)?.[index]));

const show = (amount: bigint, decimals: number): string => {
  const [whole = '0', fraction = ''] = formatUnits(amount, decimals).split('.');
  return `${whole}.${fraction.padEnd(4, '0').slice(0, 4)}`;
};
