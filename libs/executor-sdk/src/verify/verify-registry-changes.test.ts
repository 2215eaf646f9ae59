// Shows whose signature a change of the registry needs: the registry key's that is in force in its block.
import { expect, test } from 'vitest';
import { LocalSigner } from '#libs/crypto';
import {
  commitmentDigest,
  encodeEntry,
  EntryKind,
  type Header,
  KeyRole,
  type Registry,
  RegistryAction,
  RegistryChange,
  SignedRegistryChange,
} from '#libs/protocol';
import { type VerifiedEntry } from './verified-block.js';
import { verifyRegistryChanges } from './verify-registry-changes.js';

const [OLD, NEW] = [1, 2].map((n) => new LocalSigner(new Uint8Array(32).fill(n))) as [LocalSigner, LocalSigner];
const header = { logId: new Uint8Array(32).fill(9), number: 7, timestamp: 1_000 } as Header;
const registry = {
  ...{ protocolVersion: 1, changeCount: 0, registryKey: OLD.address, sequencerKeys: [], assets: [], pools: [] },
  ...{ markets: [], series: [] },
  rollups: [
    {
      ...{ chainId: 1, name: new Uint8Array(0), votingKey: new Uint8Array(20).fill(3), replicaKeys: [] },
      ...{ paused: false, quarantined: false },
    },
  ],
} as Registry;

function entry(signer: LocalSigner, change: RegistryChange): VerifiedEntry {
  const digest = commitmentDigest(header.logId, 'registry', RegistryChange.hashTreeRoot(change));
  const body = SignedRegistryChange.serialize({ change, signature: signer.sign(digest) });
  const bytes = encodeEntry(EntryKind.REGISTRY_CHANGE, body);
  return { kind: EntryKind.REGISTRY_CHANGE, sequence: 1n, bytes } as VerifiedEntry;
}
const rotate: RegistryChange = {
  nonce: 0,
  action: {
    selector: RegistryAction.SET_KEY,
    value: { role: KeyRole.REGISTRY, chainId: 0, previous: OLD.address, next: NEW.address },
  },
};
const pause = (nonce: number): RegistryChange => ({
  nonce,
  action: { selector: RegistryAction.SET_ROLLUP_PAUSED, value: { chainId: 1, value: true } },
});
const fail = (type: unknown, message: string): never => {
  throw new Error(message);
};

test('in the block that replaces the registry key the old one signs, in the next one the new one', () => {
  const next = verifyRegistryChanges(registry, [entry(OLD, rotate), entry(OLD, pause(1))], header, fail);
  expect(next).toMatchObject({ changeCount: 2, registryKey: NEW.address, rollups: [{ paused: true }] });
  expect(verifyRegistryChanges(next, [entry(NEW, pause(2))], header, fail).changeCount).toBe(3);
});

test('the new key signs nothing in that block, and the old one nothing after it', () => {
  const early = [entry(OLD, rotate), entry(NEW, pause(1))];
  expect(() => verifyRegistryChanges(registry, early, header, fail)).toThrow('not signed by the registry key');
  const next = verifyRegistryChanges(registry, [entry(OLD, rotate)], header, fail);
  const late = [entry(OLD, pause(1))];
  expect(() => verifyRegistryChanges(next, late, header, fail)).toThrow('not signed by the registry key');
});
