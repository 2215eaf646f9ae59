// Shows which errors are worth waiting for, and how those are told that are not.
import { describe, expect, it } from 'vitest';
import { type DatabaseError } from '../errors.js';
import { describeRefusal, isDatabaseAway } from './connect-errors.js';

const coded = (code: string, message = code): Error => Object.assign(new Error(message), { code });

describe('isDatabaseAway', () => {
  it.each([
    ['nobody listens', coded('ECONNREFUSED')],
    ['nobody listens on any of its addresses', new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')])],
    ['its name is not known yet', coded('ENOTFOUND')],
    ['it starts up or recovers', coded('57P03', 'the database system is starting up')],
    ['it shuts down', coded('57P01')],
    ['it has no connection left', coded('53300')],
    ['it does not answer', new Error('Query read timeout')],
    ['no connection came about in time', new Error('timeout expired')],
    ['the connection broke', new Error('Connection terminated unexpectedly')],
    ['another error is due to that', new Error('wrapped', { cause: coded('ECONNRESET') })],
  ])('shows that %s', (_, error) => expect(isDatabaseAway(error)).toBe(true));

  it.each([
    ['a wrong password', coded('28P01')],
    ['an unknown database', coded('3D000')],
    ['a fault of ours', new TypeError('x is undefined')],
    ['one of several addresses refusing us', new AggregateError([coded('ECONNREFUSED'), coded('28P01')])],
    ['nothing', undefined],
  ])('shows that %s is no reason to wait', (_, error) => expect(isDatabaseAway(error)).toBe(false));
});

describe('describeRefusal', () => {
  it('says what Postgres said, and what to do', () => {
    const error = describeRefusal(coded('28P01', 'password authentication failed for user "x"')) as DatabaseError;
    expect(error.message).toBe('Postgres refuses: password authentication failed for user "x".');
    expect(error.advice).toMatch(/DATABASE_URL/);
  });

  it('leaves alone what it does not know', () => {
    const error = new TypeError('x');
    expect(describeRefusal(error)).toBe(error);
  });
});
