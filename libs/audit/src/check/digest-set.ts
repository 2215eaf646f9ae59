const START_CAPACITY = 1024;

/** A set of 32-byte digests by their first 16 bytes, 32 bytes of memory each: an audit has to remember every operation. */
export class DigestSet {
  private slots = new BigUint64Array(2 * START_CAPACITY);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds a digest. @returns whether it was new */
  add(digest: Uint8Array): boolean {
    const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
    // An all-zero slot is a free one; a keccak that begins with 16 zero bytes has never been met.
    const isNew = this.insert(view.getBigUint64(0), view.getBigUint64(8));
    if (isNew && ++this.count * 4 > this.slots.length) this.grow();
    return isNew;
  }

  private insert(high: bigint, low: bigint): boolean {
    const { slots } = this;
    const mask = slots.length / 2 - 1;
    for (let place = Number(low & 0xffff_ffffn) & mask; ; place = (place + 1) & mask) {
      const [a, b] = [slots[2 * place]!, slots[2 * place + 1]!];
      if (a === high && b === low) return false;
      if (a !== 0n || b !== 0n) continue;
      slots[2 * place] = high;
      slots[2 * place + 1] = low;
      return true;
    }
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new BigUint64Array(2 * old.length);
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== 0n || old[at + 1] !== 0n) this.insert(old[at]!, old[at + 1]!);
    }
  }
}
