// Shows that a command counts only when the registry key signed it for this log, within a minute, and once.
import { expect, test } from 'vitest';
import { AdminCommand, bytesToHex, SignedAdminCommand } from '#libs/protocol';
import { AdminDesk } from './admin-desk.js';
import {
  genesis,
  LOG_ID,
  MALLORY,
  PRICE_KEY,
  recover,
  REGISTRY_KEY,
  signedCommand,
  START_MS,
  word,
} from './testing/world.js';

const newDesk = (isLogged = (root: string): boolean => root === ''): AdminDesk =>
  new AdminDesk(LOG_ID, recover, () => genesis.registry, isLogged);
const rootOf = (bytes: Uint8Array): string =>
  bytesToHex(AdminCommand.hashTreeRoot(SignedAdminCommand.deserialize(bytes).command));
const refusal = (code: string) => expect.objectContaining({ code }) as Error;

test('a signed command is taken, with its argument and the key as actor', () => {
  const bytes = signedCommand('operation.abort', { argument: word(9) });
  expect(newDesk().check(bytes, 'operation.abort', START_MS)).toEqual({
    name: 'operation.abort',
    argument: word(9),
    actor: `registry key ${bytesToHex(REGISTRY_KEY)}`,
    root: rootOf(bytes),
  });
});

test.each([
  ['forged by another key', { signer: MALLORY }],
  ['signed by a key of the registry for other things', { signer: PRICE_KEY }],
  ['signed for another log', { logId: word(1) }],
])('one %s is refused', (_, over) => {
  const bytes = signedCommand('leader.transfer', over);
  expect(() => newDesk().check(bytes, 'leader.transfer', START_MS)).toThrow(refusal('INVALID_SIGNATURE'));
});

test('one whose signature does not cover it is refused', () => {
  const bytes = signedCommand('operation.abort', { argument: word(9) });
  bytes[bytes.length - 1]! ^= 1; // the last byte of the argument
  expect(() => newDesk().check(bytes, 'operation.abort', START_MS)).toThrow(refusal('INVALID_SIGNATURE'));
});

test('a good command is none for another subject', () => {
  const bytes = signedCommand('leader.transfer');
  expect(() => newDesk().check(bytes, 'operation.abort', START_MS)).toThrow('no operation.abort but a leader.transfer');
  expect(() => newDesk().check(bytes, 'operation.abort', START_MS)).toThrow(refusal('WRONG_COMMAND'));
});

test.each([-60_001, 60_001])('one issued %s ms from now is refused, and one a ms nearer taken', (offsetMs) => {
  const desk = newDesk();
  const bytes = signedCommand('leader.transfer');
  expect(() => desk.check(bytes, 'leader.transfer', START_MS + offsetMs)).toThrow(refusal('COMMAND_NOT_FRESH'));
  expect(desk.check(bytes, 'leader.transfer', START_MS + offsetMs - Math.sign(offsetMs)).name).toBe('leader.transfer');
});

test('one counts once as long as it is fresh; another of the same moment counts as well', () => {
  const desk = newDesk();
  const ahead = START_MS + 60_000; // issued a minute ahead of our clock: fresh for two minutes
  const bytes = signedCommand('leader.transfer', { issuedAtMs: ahead });
  desk.check(bytes, 'leader.transfer', START_MS);
  for (const nowMs of [START_MS, ahead, ahead + 59_999, ahead + 60_000]) {
    // Another command in between lets the desk forget what it can.
    desk.check(signedCommand('leader.transfer', { issuedAtMs: nowMs, nonce: nowMs % 251 }), 'leader.transfer', nowMs);
    expect(() => desk.check(bytes, 'leader.transfer', nowMs)).toThrow(refusal('COMMAND_REPEATED'));
  }
});

test('one that the audit log names was taken by an earlier leader: it is refused', () => {
  const bytes = signedCommand('intake.drain');
  const desk = newDesk((root) => root === rootOf(bytes));
  expect(() => desk.check(bytes, 'intake.drain', START_MS)).toThrow(refusal('COMMAND_REPEATED'));
  expect(desk.check(signedCommand('intake.drain', { nonce: 2 }), 'intake.drain', START_MS).name).toBe('intake.drain');
});

test('a refused command does not count as taken', () => {
  const desk = newDesk();
  const bytes = signedCommand('leader.transfer', { issuedAtMs: START_MS });
  expect(() => desk.check(bytes, 'leader.transfer', START_MS - 70_000)).toThrow(refusal('COMMAND_NOT_FRESH'));
  expect(desk.check(bytes, 'leader.transfer', START_MS).name).toBe('leader.transfer');
});

test('bytes that are no command are refused as malformed', () => {
  expect(() => newDesk().check(Uint8Array.of(1, 2, 3), 'leader.transfer', START_MS)).toThrow(refusal('MALFORMED'));
});
