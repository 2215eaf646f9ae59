// Shows how a process waits for a server: for ever, saying each trouble once, and no longer than it is asked to.
import { expect, test } from 'vitest';
import { waitUntilUp } from './wait-until-up.js';

function waiting(errors: readonly Error[], aborter = new AbortController()) {
  const said: string[] = [];
  const left = [...errors];
  const result = waitUntilUp(
    () => {
      const error = left.shift();
      return error ? Promise.reject(error) : Promise.resolve('up');
    },
    {
      ...{ what: 'Postgres', retryMs: 1, signal: aborter.signal },
      isAway: (thrown) => !(thrown instanceof TypeError),
      logger: {
        warn: ({ reason }: { reason: string }) => void said.push(reason),
        info: (message: string) => void said.push(message),
      } as never,
    },
  );
  return { said, result, left };
}

test('it tries until it succeeds, says the same trouble once and what is new again', async () => {
  const refused = new AggregateError([new Error('refused')], '');
  const { said, result } = waiting([refused, refused, new Error('starting up'), new Error('starting up')]);
  expect(await result).toBe('up');
  expect(said).toEqual(['refused', 'starting up', 'Postgres is there']);
});

test('what waiting cannot mend ends it at once', async () => {
  const { said, result, left } = waiting([new TypeError('a fault'), new Error('never')]);
  await expect(result).rejects.toThrow('a fault');
  expect([said.length, left.length]).toEqual([0, 1]);
});

test('a signal ends it', async () => {
  const aborter = new AbortController();
  const { result } = waiting(
    Array.from({ length: 5_000 }, () => new Error('away')),
    aborter,
  );
  aborter.abort();
  await expect(result).rejects.toThrow(/abort/i);
});
