/** What must always hold did not: `invariant` is its number in the list of invariants, such as `I17`. */
export class Violation extends Error {
  constructor(
    readonly invariant: string,
    message: string,
  ) {
    super(`${invariant}: ${message}`);
    this.name = 'Violation';
  }
}

/** @throws Violation where it does not hold; the message is made only then */
export function mustHold(holds: boolean, invariant: string, message: () => string): asserts holds {
  if (!holds) throw new Violation(invariant, message());
}
