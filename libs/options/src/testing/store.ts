import { Ledger } from '../index.js';
import { type Network, stubRecover } from './network.js';

/** A store as an executor keeps it. */
export class Store {
  private readonly records = new Map<string, { table: string; slot: number; bytes: Uint8Array }>();
  private meta = new Uint8Array(0);

  save(ledger: Ledger): void {
    for (const { table, slot, bytes } of ledger.takeChanges()) {
      if (bytes) this.records.set(`${table} ${slot}`, { table, slot, bytes });
      else this.records.delete(`${table} ${slot}`);
    }
    this.meta = new Uint8Array(ledger.meta());
  }

  load({ genesis }: Network, chainId: number): Ledger {
    return Ledger.load(genesis, chainId, { recover: stubRecover }, this.meta, [...this.records.values()].reverse());
  }
}
