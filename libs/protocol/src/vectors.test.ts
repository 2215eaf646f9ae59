import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hashTypedData, type Hex, keccak256 as viemKeccak256, recoverAddress } from 'viem';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from './bytes.js';
import { commitmentDigest } from './eip712.js';
import { entryBody, entryId, EntryKind, entryLeaf } from './entry.js';
import { parseEvidenceFile } from './evidence-file.js';
import { Genesis, logId } from './genesis.js';
import { blockHash, Header } from './header.js';
import { laneRoot, verifyLaneProof } from './lane.js';
import { Decision, Intent, Prepare, SignedVote } from './operation.js';
import { SignedPrice } from './price.js';
import { verifyEntryProof } from './proved-entry.js';
import {
  KeyRole,
  Registry,
  RegistryAction,
  RegistryChange,
  registryRoot,
  seriesId,
  SeriesTerms,
  SignedRegistryChange,
} from './registry.js';
import { applyRegistryChange } from './registry-change.js';
import { verifyPrepareMsMax } from './registry-export.js';
import { SignedRestore } from './restore.js';
import { Slice } from './slice.js';
import { SignedStateRoot } from './state-root.js';
import { buildVectors } from './testing/build-vectors.js';
import { type Json, toJson } from './testing/to-json.js';
import { decodeTransaction } from './transaction/index.js';

// Run with UPDATE_VECTORS=1 to write the files anew, when an encoding is meant to change.
const FOLDER = new URL('../vectors/', import.meta.url);

interface Encoded {
  value: Json;
  ssz: Hex;
}
interface EntryVector {
  kind: EntryKind;
  kindName: string;
  lane: number;
  sequence: string;
  sender: Hex;
  value: Json;
  bytes: Hex;
  id: Hex;
  leaf: Hex;
}
interface IntentVector {
  domain: { name: string; version: string; chainId: number; salt: Hex };
  primaryType: string;
  types: Record<string, { name: string; type: string }[]>;
  message: Record<string, string>;
  ssz: Hex;
  digest: Hex;
  signatures: { signer: Hex; signature: Hex }[];
}

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as T;
const text = (vector: Json): string => `${JSON.stringify(vector, null, 2)}\n`;

let built: Record<string, Json>;
beforeAll(async () => {
  built = await buildVectors();
  if (process.env.UPDATE_VECTORS) {
    mkdirSync(FOLDER, { recursive: true });
    for (const [name, vector] of Object.entries(built)) writeFileSync(new URL(`${name}.json`, FOLDER), text(vector));
  }
});

describe('the code', () => {
  it('makes exactly the committed vectors', () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
    expect(files.toSorted()).toEqual(
      Object.keys(built)
        .map((name) => `${name}.json`)
        .toSorted(),
    );
    for (const [name, vector] of Object.entries(built)) expect(read(name), name).toEqual(vector);
  });
});

// What follows reads the files alone, as an implementer in another language would.
describe('the committed vectors', () => {
  const log = (): Uint8Array => hexToBytes(read<{ logId: Hex }>('genesis').logId);

  it('have the values that their bytes say', () => {
    const check = ({ value, ssz }: Encoded, type: { deserialize(bytes: Uint8Array): unknown }) =>
      expect(toJson(type.deserialize(hexToBytes(ssz)))).toEqual(value);
    const genesis = read<Encoded & { series: Encoded[] }>('genesis');
    check(genesis, Genesis);
    for (const one of genesis.series) check(one, SeriesTerms);
    for (const one of read<Encoded[]>('headers')) check(one, Header);
    for (const one of read<Encoded[]>('slices')) check(one, Slice);
    const votes = read<{ votes: Encoded[]; aborts: Encoded[] }>('votes');
    for (const one of votes.votes) check(one, SignedVote);
    for (const one of votes.aborts) check(one, Decision);
  });

  it('have the ids and hashes that follow from their bytes', () => {
    const genesis = read<Encoded & { logId: Hex; series: (Encoded & { id: Hex })[] }>('genesis');
    expect(bytesToHex(logId(Genesis.deserialize(hexToBytes(genesis.ssz))))).toBe(genesis.logId);
    for (const { ssz, id } of genesis.series) {
      expect(bytesToHex(seriesId(SeriesTerms.deserialize(hexToBytes(ssz))))).toBe(id);
    }
    for (const { ssz, hash } of read<(Encoded & { hash: Hex })[]>('headers')) {
      expect(bytesToHex(blockHash(Header.deserialize(hexToBytes(ssz))))).toBe(hash);
    }
  });

  it('have one entry of each kind at least, with id and leaf', () => {
    const entries = read<EntryVector[]>('entries');
    const kinds = new Set(entries.map(({ kind }) => kind));
    expect(kinds.size).toBe(Object.keys(EntryKind).length / 2);
    const types: Partial<Record<EntryKind, { deserialize(bytes: Uint8Array): unknown }>> = {
      [EntryKind.PRICE]: SignedPrice,
      [EntryKind.PREPARE]: Prepare,
      [EntryKind.DECISION]: Decision,
      [EntryKind.STATE_ROOT]: SignedStateRoot,
      [EntryKind.REGISTRY_CHANGE]: SignedRegistryChange,
      [EntryKind.RESTORE]: SignedRestore,
    };
    for (const { kind, kindName, lane, sequence, sender, value, bytes, id, leaf } of entries) {
      const raw = hexToBytes(bytes);
      expect([EntryKind[kind], raw[0]]).toEqual([kindName, kind]);
      expect(viemKeccak256(kind === EntryKind.TRANSACTION ? `0x${bytes.slice(4)}` : bytes)).toBe(id);
      expect(
        viemKeccak256(`0x${BigInt(sequence).toString(16).padStart(16, '0')}${id.slice(2)}${sender.slice(2)}`),
      ).toBe(leaf);
      const type = types[kind];
      if (type) expect(toJson(type.deserialize(entryBody(raw)))).toEqual(value);
      else expect(decodeTransaction(entryBody(raw)).chainId).toBe(lane);
    }
  });

  it('have proofs that lead from the entries of each slice to its header', () => {
    for (const { ssz } of read<Encoded[]>('slices')) {
      const { header, shared, own } = Slice.deserialize(hexToBytes(ssz));
      expect([shared.index, shared.chainId]).toEqual([0, 0]);
      for (const { chainId, index, firstLaneSequence, entries, proof } of [shared, own]) {
        const leaves = entries.map(({ sequence, sender, bytes }) => entryLeaf(sequence, entryId(bytes), sender));
        expect(verifyLaneProof(laneRoot({ chainId, firstLaneSequence, leaves }), index, proof, header.lanesRoot)).toBe(
          true,
        );
      }
    }
  });

  it('have evidence whose proofs lead to its headers, and whose registries are those that the headers name', () => {
    const parse = <K extends 'certificate' | 'preconfirmation' | 'registry'>(kind: K) =>
      parseEvidenceFile(kind, readFileSync(new URL(`${kind}.json`, FOLDER), 'utf8'));
    const exported = parse('registry');
    expect(verifyPrepareMsMax(exported)).toBe(true);
    expect(verifyPrepareMsMax({ ...exported, prepareMsMax: exported.prepareMsMax + 1 })).toBe(false);
    expect(bytesToHex(exported.logId)).toBe(bytesToHex(log()));
    const roots = exported.registries.map((registry) => bytesToHex(registryRoot(registry)));
    const { prepare, decision, price } = parse('certificate');
    for (const proved of [prepare, decision, ...price, parse('preconfirmation')]) {
      expect(verifyEntryProof(proved)).toBe(true);
      expect(verifyEntryProof({ ...proved, position: proved.position + 1 })).toBe(false);
      expect(roots).toContain(bytesToHex(proved.signedHeader.header.registryRoot));
    }
  });

  it('have every action of the registry, with the signature and the registry that follow', async () => {
    type Change = Encoded & { root: Hex; digest: Hex; signer: Hex; after: { ssz: Hex; root: Hex } };
    let { registry } = Genesis.deserialize(hexToBytes(read<Encoded>('genesis').ssz));
    const seen = new Set<string>();
    for (const { value, ssz, root, digest, signer, after } of read<Change[]>('registry-changes')) {
      const signed = SignedRegistryChange.deserialize(hexToBytes(ssz));
      expect(toJson(signed)).toEqual(value);
      expect(bytesToHex(RegistryChange.hashTreeRoot(signed.change))).toBe(root);
      expect(bytesToHex(commitmentDigest(log(), 'registry', hexToBytes(root)))).toBe(digest);
      const recovered = await recoverAddress({ hash: digest, signature: bytesToHex(signed.signature) });
      expect([recovered.toLowerCase(), bytesToHex(registry.registryKey)]).toEqual([signer, signer]);
      registry = applyRegistryChange(registry, signed.change, 0);
      expect([bytesToHex(Registry.serialize(registry)), bytesToHex(registryRoot(registry))]).toEqual([
        after.ssz,
        after.root,
      ]);
      const { selector, value: of } = signed.change.action;
      seen.add(selector === Number(RegistryAction.SET_KEY) ? `key ${(of as { role: number }).role}` : String(selector));
    }
    const names = (of: object): string[] => Object.keys(of).filter((key) => /^\d+$/.test(key));
    const actions = names(RegistryAction).filter((action) => action !== String(RegistryAction.SET_KEY));
    expect(seen).toEqual(new Set([...actions, ...names(KeyRole).map((role) => `key ${role}`)]));
  });

  it('have digests and signatures as wallets make them', async () => {
    for (const intent of read<IntentVector[]>('intents')) {
      const { domain, types, primaryType, message, digest, signatures, ssz } = intent;
      expect(hashTypedData({ domain, types, primaryType, message })).toBe(digest);
      expect(toJson(Intent.deserialize(hexToBytes(ssz)).value)).toEqual(message);
      for (const { signer, signature } of signatures) {
        expect((await recoverAddress({ hash: digest, signature })).toLowerCase()).toBe(signer);
      }
    }
    const commitment = (kind: string, root: Hex): Hex =>
      hashTypedData({
        domain: { name: 'Lockstep', version: '1', salt: bytesToHex(log()) },
        types: {
          Commitment: [
            { name: 'kind', type: 'string' },
            { name: 'root', type: 'bytes32' },
          ],
        },
        primaryType: 'Commitment',
        message: { kind, root },
      });
    type Signed = { hash: Hex; digest: Hex; signature: Hex; signer: Hex };
    for (const { hash, digest, signature, signer } of read<Signed[]>('headers')) {
      expect(commitment('header', hash)).toBe(digest);
      expect((await recoverAddress({ hash: digest, signature })).toLowerCase()).toBe(signer);
    }
    const keys = new Map(read<{ name: string; address: Hex }[]>('keys').map(({ name, address }) => [name, address]));
    type VoteVector = { root: Hex; digest: Hex; value: { vote: { chainId: number }; signature: Hex } };
    for (const { root, digest, value } of read<{ votes: VoteVector[] }>('votes').votes) {
      expect(commitment('vote', root)).toBe(digest);
      const signer = await recoverAddress({ hash: digest, signature: value.signature });
      expect(signer.toLowerCase()).toBe(keys.get(`voting ${value.vote.chainId}`));
    }
  });
});
