import { peekNumber } from '../verify/verify-slice.js';

export interface LiveBufferOptions {
  /** Slices held. Default 4,096. */
  slicesMax?: number;
  /** Bytes held. Default 64 MiB. */
  bytesMax?: number;
}

/** What the buffer has for a follower that needs block n. */
export type LiveState =
  { type: 'next' | 'older'; bytes: Uint8Array } | { type: 'gap'; number: number } | { type: 'empty' };

/**
 * Slices that came live and have not been handed on, in the order they came. Bounded: when the reader is too slow all
 * are dropped, and the gap this makes is closed by replay.
 */
export class LiveBuffer {
  private slices: { number: number; bytes: Uint8Array }[] = [];
  private head = 0;
  private bytes = 0;
  private readonly slicesMax: number;
  private readonly bytesMax: number;

  constructor({ slicesMax = 4096, bytesMax = 64 * 1024 * 1024 }: LiveBufferOptions = {}) {
    this.slicesMax = slicesMax;
    this.bytesMax = bytesMax;
  }

  get length(): number {
    return this.slices.length - this.head;
  }

  /** Takes a slice in. @returns false where the buffer was full and all was dropped, this one too */
  push(bytes: Uint8Array): boolean {
    const number = peekNumber(bytes);
    if (number === null) return true; // too short to be a slice
    if (this.length >= this.slicesMax || this.bytes + bytes.length > this.bytesMax) {
      this.clear();
      return false;
    }
    this.slices.push({ number, bytes });
    this.bytes += bytes.length;
    return true;
  }

  /** Number of the oldest slice, or null where there is none. */
  peek(): number | null {
    return this.slices[this.head]?.number ?? null;
  }

  /** Looks at the oldest slice: `next` and `older` take it out, a `gap` leaves it. */
  take(wanted: number): LiveState {
    const slice = this.slices[this.head];
    if (!slice) return { type: 'empty' };
    if (slice.number > wanted) return { type: 'gap', number: slice.number };
    this.head++;
    this.bytes -= slice.bytes.length;
    if (this.head === this.slices.length || this.head >= 1024) {
      this.slices.splice(0, this.head);
      this.head = 0;
    }
    return { type: slice.number === wanted ? 'next' : 'older', bytes: slice.bytes };
  }

  clear(): void {
    this.slices = [];
    this.head = 0;
    this.bytes = 0;
  }
}
