import { bytesToHex, type Hex, type Leg, LegAccount, subjectAsset } from '#libs/protocol';

/** What a row of the ledger holds. */
export interface Holding {
  available: bigint;
  held: bigint;
}

export type HoldingTable = 'balances' | 'positions' | 'exposures' | 'collateral';

/** Which row of which table; as a key of maps: the table's first letter and the parts in hex. */
export interface HoldingKey {
  table: HoldingTable;
  key: string;
  /** Of balances. */
  asset?: Hex;
  /** Of the others. */
  series?: Hex;
}

export function balanceKey(owner: Uint8Array, asset: Uint8Array): HoldingKey {
  const hex = bytesToHex(asset);
  return { table: 'balances', key: `b ${bytesToHex(owner)} ${hex}`, asset: hex };
}

export function positionKey(holder: Uint8Array, series: Uint8Array, backer: Uint8Array): HoldingKey {
  const hex = bytesToHex(series);
  return { table: 'positions', key: `p ${bytesToHex(holder)} ${hex} ${bytesToHex(backer)}`, series: hex };
}

export function backingKey(table: 'exposures' | 'collateral', series: Uint8Array, backer: Uint8Array): HoldingKey {
  const hex = bytesToHex(series);
  return { table, key: `${table[0]} ${hex} ${bytesToHex(backer)}`, series: hex };
}

/** The row that a leg changes. */
export function legKey({ account, owner, subject, backer }: Leg): HoldingKey {
  switch (account as LegAccount) {
    case LegAccount.balance:
      return balanceKey(owner, subjectAsset(subject));
    case LegAccount.position:
      return positionKey(owner, subject, backer);
    case LegAccount.exposure:
      return backingKey('exposures', subject, backer);
    case LegAccount.collateral:
      return backingKey('collateral', subject, backer);
  }
}

/** Adds to what a map has under a key. */
export function addTo<K>(map: Map<K, bigint>, key: K, amount: bigint): void {
  map.set(key, (map.get(key) ?? 0n) + amount);
}
