import { describe, expect, it } from 'vitest';
import { assertInvariant, LockstepError } from './errors.js';

class TestError extends LockstepError<{ code: 'FIRST'; size: number } | { code: 'SECOND' }> {}

describe('LockstepError', () => {
  it('carries a code with its values, a sentence, advice, a cause and the name of its class', () => {
    const cause = new Error('below');
    const error = new TestError({ code: 'FIRST', size: 3 }, 'The size is 3.', 'Make it smaller.', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'FIRST', type: { size: 3 }, message: 'The size is 3.', cause });
    expect([error.name, error.advice]).toEqual(['TestError', 'Make it smaller.']);
    expect(String(error)).toBe('TestError: The size is 3.');
  });
});

describe('assertInvariant', () => {
  it('throws with the invariant’s number only where it does not hold', () => {
    expect(() => assertInvariant(true, 'I17: fine')).not.toThrow();
    expect(() => assertInvariant(false, 'I17: broken')).toThrow(
      expect.objectContaining({ code: 'INVARIANT_BROKEN', message: 'I17: broken' }),
    );
  });
});
