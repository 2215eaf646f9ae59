/**
 * An error with a stable code that a user can meet. `type` carries the code and the offending values;
 * `message` says in one sentence what happened, `advice` what to do about it.
 */
export class LockstepError<T extends { code: string } = { code: string }> extends Error {
  constructor(
    readonly type: T,
    message: string,
    readonly advice?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }

  get code(): T['code'] {
    return this.type.code;
  }
}

/**
 * Asserts an invariant; `message` begins with its number in the list of invariants, as in `I17: …`. Where it names values,
 * give a function: a sentence costs more than what it is about.
 */
export function assertInvariant(condition: boolean, message: string | (() => string)): asserts condition {
  if (condition) return;
  throw new LockstepError({ code: 'INVARIANT_BROKEN' }, typeof message === 'string' ? message : message());
}
