/** Something that ends at a moment of log time. */
export interface Deadline {
  readonly deadlineMs: number;
}

/**
 * A binary heap by deadline. What is over is not taken out at once but skipped, and dropped when it comes to the top:
 * `isOpen` says what still counts, and must not turn true again.
 */
export class DeadlineQueue<T extends Deadline> {
  private readonly heap: T[] = [];

  constructor(private readonly isOpen: (item: T) => boolean) {}

  /** O(log n). */
  push(item: T): void {
    const { heap } = this;
    let place = heap.push(item) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (heap[parent]!.deadlineMs <= item.deadlineMs) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = item;
  }

  /** The earliest deadline of what is open; Infinity when nothing is. O(1) but for what it drops. */
  earliestMs(): number {
    while (this.heap.length > 0 && !this.isOpen(this.heap[0]!)) this.dropFirst();
    return this.heap[0]?.deadlineMs ?? Infinity;
  }

  /** What is open and has a deadline before `timeMs`, earliest first. O(k log k) in the items before that time. */
  before(timeMs: number): T[] {
    const found: T[] = [];
    const places = [0];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const item = this.heap[place];
      if (!item || item.deadlineMs >= timeMs) continue;
      if (this.isOpen(item)) found.push(item);
      places.push(2 * place + 1, 2 * place + 2);
    }
    return found.sort((a, b) => a.deadlineMs - b.deadlineMs);
  }

  private dropFirst(): void {
    const { heap } = this;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.deadlineMs < heap[child]!.deadlineMs) child += 1;
      if (heap[child]!.deadlineMs >= last.deadlineMs) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}
