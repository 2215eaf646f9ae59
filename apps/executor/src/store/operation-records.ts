import type { ClassicLevel } from 'classic-level';
import { type Change, key, kindRange, plain } from './keys.js';
import { OperationRecord } from './operation-record.js';

/**
 * The operations that an executor's rollup took part in, the newest by PREPARE's sequence; older ones are forgotten, in
 * the write that adds a new one. The log has all of them.
 */
export class OperationRecords {
  private count = 0;

  constructor(
    private readonly db: ClassicLevel<Uint8Array, Uint8Array>,
    private readonly recordsMax: number,
  ) {}

  /** Counts what is there. */
  async open(): Promise<void> {
    this.count = (await this.db.keys(kindRange('q')).all()).length;
  }

  /** Null of an operation that is not known, is forgotten, or does not concern this rollup. */
  async find(operationId: Uint8Array): Promise<OperationRecord | null> {
    const bytes = await this.db.get(key.operation(operationId));
    return bytes ? OperationRecord.deserialize(plain(bytes)) : null;
  }

  /**
   * What a block's write has to contain. Writes are done one after another, so the count is right for the next.
   * @param blockNumber the block that made or changed the records
   */
  async changes(records: readonly OperationRecord[], blockNumber: number): Promise<Change[]> {
    const changes: Change[] = [];
    for (const record of records) {
      const { operationId, steps } = record;
      changes.push({ type: 'put', key: key.operation(operationId), value: OperationRecord.serialize(record) });
      const [prepared] = steps;
      if (prepared?.blockNumber !== blockNumber) continue;
      changes.push({ type: 'put', key: key.prepared(prepared.sequence), value: operationId });
      this.count++;
    }
    if (this.count > this.recordsMax) {
      const oldest = this.db.iterator({ ...kindRange('q'), limit: this.count - this.recordsMax });
      for await (const [at, operationId] of oldest) {
        changes.push({ type: 'del', key: at }, { type: 'del', key: key.operation(operationId) });
        this.count--;
      }
    }
    return changes;
  }
}
