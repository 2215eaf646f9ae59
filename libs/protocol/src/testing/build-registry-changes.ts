import { commitmentDigest } from '../eip712.js';
import { logId as logIdOf } from '../genesis.js';
import {
  type KeyChange,
  KeyRole,
  RegistryAction,
  RegistryChange,
  Registry,
  registryRoot,
  SignedRegistryChange,
  seriesId,
} from '../registry.js';
import { applyRegistryChange } from '../registry-change.js';
import { addressOf, CHAIN_IDS, genesis, PUT_TERMS, registry, signAs, START_TIME_MS } from './fixtures.js';
import { type Json, toJson } from './to-json.js';

const LOG_ID = logIdOf(genesis());
const NO_KEY = new Uint8Array(20);
const [FIRST] = CHAIN_IDS;

type Action = RegistryChange['action'];

const setKey = (role: KeyRole, chainId: number, previous: Uint8Array, next: Uint8Array): Action => {
  const value: KeyChange = { role, chainId, previous, next };
  return { selector: RegistryAction.SET_KEY, value };
};

/** Every action of the registry, each applied to what the one before has left; the registry key is rotated last. */
const ACTIONS: [name: string, action: Action][] = [
  ['list a series', { selector: RegistryAction.LIST_SERIES, value: PUT_TERMS }],
  ['delist a series', { selector: RegistryAction.DELIST_SERIES, value: seriesId(PUT_TERMS) }],
  ['pause a rollup', { selector: RegistryAction.SET_ROLLUP_PAUSED, value: { chainId: FIRST, value: true } }],
  ['quarantine', { selector: RegistryAction.SET_ROLLUP_QUARANTINED, value: { chainId: FIRST, value: true } }],
  [
    'register a rollup',
    {
      selector: RegistryAction.REGISTER_ROLLUP,
      value: {
        chainId: 84004,
        name: new TextEncoder().encode('rollup 84004'),
        votingKey: addressOf('voting 84004'),
        replicaKeys: [addressOf('replica 84004')],
      },
    },
  ],
  ['add a sequencer key', setKey(KeyRole.SEQUENCER, 0, NO_KEY, addressOf('second sequencer'))],
  ['remove a sequencer key', setKey(KeyRole.SEQUENCER, 0, addressOf('sequencer'), NO_KEY)],
  ['replace a price key', setKey(KeyRole.PRICE, 0, addressOf('price'), addressOf('second price'))],
  [
    'replace a voting key',
    setKey(KeyRole.VOTING, FIRST, addressOf(`voting ${FIRST}`), addressOf(`second voting ${FIRST}`)),
  ],
  ['add a replica key', setKey(KeyRole.REPLICA, FIRST, NO_KEY, addressOf(`second replica ${FIRST}`))],
  ['remove a replica key', setKey(KeyRole.REPLICA, FIRST, addressOf(`replica ${FIRST}`), NO_KEY)],
  ['replace the registry key', setKey(KeyRole.REGISTRY, 0, addressOf('registry'), addressOf('second registry'))],
];

/** The vectors of registry changes: each signed, with the registry after it. */
export async function buildRegistryChanges(): Promise<Json> {
  let current: Registry = registry();
  const vectors: Json[] = [];
  for (const [nonce, [name, action]] of ACTIONS.entries()) {
    const change: RegistryChange = { nonce, action };
    const root = RegistryChange.hashTreeRoot(change);
    const digest = commitmentDigest(LOG_ID, 'registry', root);
    const signer = current.registryKey;
    const value = { change, signature: await signAs('registry', digest) };
    current = applyRegistryChange(current, change, START_TIME_MS + 1_000);
    const after = { ssz: Registry.serialize(current), root: registryRoot(current) };
    vectors.push(toJson({ name, value, ssz: SignedRegistryChange.serialize(value), root, digest, signer, after }));
  }
  return vectors;
}
