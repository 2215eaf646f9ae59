/** A running hash of everything that happened, in order: two runs that differ anywhere differ in it (64 bits). */
export class Trace {
  private high = 0x6a09e667;
  private low = 0xbb67ae85 | 0;

  /** Takes in a word. */
  add(word: number): void {
    this.high = Math.imul(this.high ^ word, 0x9e3779b1);
    this.high = (this.high << 13) | (this.high >>> 19);
    this.low = Math.imul((this.low + word) | 0, 0x85ebca77) ^ (this.low >>> 15) ^ this.high;
  }

  /** Takes in a point in time and what happened then. */
  event(atMs: number, what: number, detail: number): void {
    this.add(atMs);
    this.add(what);
    this.add(detail);
  }

  /** Takes in the first bytes of a hash. */
  bytes(hash: Uint8Array): void {
    this.add(hash[0]! | (hash[1]! << 8) | (hash[2]! << 16) | (hash[3]! << 24));
    this.add(hash[4]! | (hash[5]! << 8) | (hash[6]! << 16) | (hash[7]! << 24));
  }

  /** 16 hex digits. */
  digest(): string {
    return hex(this.high) + hex(this.low);
  }
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
