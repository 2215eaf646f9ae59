import {
  ByteListType,
  type ContainerType,
  ListBasicType,
  ListCompositeType,
  type Type,
  UnionType,
} from '@chainsafe/ssz';
import { AdminCommand, SignedAdminCommand } from '../admin-command.js';
import { Genesis, GenesisBalance } from '../genesis.js';
import { Header, SignedHeader } from '../header.js';
import { Lane, LaneRoots } from '../lane.js';
import {
  ClockEntry,
  CloseIntent,
  Decision,
  ExerciseIntent,
  Intent,
  Leg,
  Prepare,
  SignedVote,
  Vote,
  WriteIntent,
} from '../operation.js';
import { Price, SignedPrice } from '../price.js';
import { Certificate, ProvedEntry } from '../proved-entry.js';
import {
  Asset,
  KeyChange,
  NewRollup,
  Market,
  Pool,
  Registry,
  RegistryChange,
  Rollup,
  Series,
  SeriesTerms,
  SignedRegistryChange,
} from '../registry.js';
import { Restore, SignedRestore } from '../restore.js';
import { RewindTarget } from '../rewind.js';
import { RegistryExport } from '../registry-export.js';
import { LaneSlice, ReplayRequest, ReplayResponse, Slice, SliceEntry } from '../slice.js';
import { Address, Bool, Bytes32, Signature, Uint256, Uint32, Uint53, Uint64, Uint8 } from '../ssz/primitives.js';
import { SignedStateRoot, StateRoot } from '../state-root.js';

type AnyType = Type<unknown>;

const PRIMITIVES = new Map<AnyType, string>([
  [Address, 'Address'],
  [Bytes32, 'Bytes32'],
  [Signature, 'Signature'],
  [Bool, 'bool'],
  [Uint8, 'uint8'],
  [Uint32, 'uint32'],
  [Uint53, 'uint53'],
  [Uint64, 'uint64'],
  [Uint256, 'uint256'],
] as [AnyType, string][]);

const LINE_LENGTH_MAX = 110;

const containers = <T extends Record<string, unknown>>(types: T): [string, ContainerType<never>][] =>
  Object.entries(types) as [string, ContainerType<never>][];

const SetRollupFlag = RegistryChange.fields.action.types[2];

/** The containers of the protocol, in the document's order. */
const GROUPS = [
  containers({ Header, SignedHeader }),
  containers({ Lane, SliceEntry, LaneSlice, Slice }),
  containers({ ReplayRequest, ReplayResponse }),
  containers({ ExerciseIntent, WriteIntent, CloseIntent }),
  containers({ Leg, Prepare }),
  containers({ ClockEntry, Vote, SignedVote, Decision }),
  containers({ Price, SignedPrice, StateRoot, SignedStateRoot }),
  containers({ Asset, Rollup, Pool, Market, SeriesTerms, Series, Registry }),
  containers({ SetRollupFlag, KeyChange, NewRollup, RegistryChange, SignedRegistryChange }),
  containers({ Restore, SignedRestore }),
  containers({ AdminCommand, SignedAdminCommand, RewindTarget }),
  containers({ GenesisBalance, Genesis }),
  containers({ ProvedEntry, Certificate, RegistryExport }),
];

const NAMES = new Map<AnyType, string>([
  ...PRIMITIVES,
  ...GROUPS.flat().map(([name, type]): [AnyType, string] => [type as unknown as AnyType, name]),
]);

/** All encodings as the document shows them, written from the types themselves. */
export function describeTypes(): string {
  const groups = GROUPS.map((group) => group.map(describeContainer).join('\n'));
  return [...groups, `LaneRoots = ${nameOf(LaneRoots)}\nIntent = ${nameOf(Intent)}`].join('\n\n');
}

/** `Name { field: type, … }`, broken into lines. */
function describeContainer([name, { fields }]: [string, ContainerType<never>]): string {
  const parts = Object.entries<AnyType>(fields).map(([field, type]) => `${field}: ${nameOf(type)}`);
  const lines = [`${name} {`];
  for (const [index, part] of parts.entries()) {
    const piece = index < parts.length - 1 ? `${part},` : `${part} }`;
    if (`${lines.at(-1)} ${piece}`.length > LINE_LENGTH_MAX) lines.push(`   ${piece}`);
    else lines.push(`${lines.pop()} ${piece}`);
  }
  return lines.join('\n');
}

function nameOf(type: unknown): string {
  const known = NAMES.get(type as AnyType);
  if (known !== undefined) return known;
  if (type instanceof ByteListType) return `ByteList[${type.limitBytes}]`;
  if (type instanceof ListBasicType || type instanceof ListCompositeType) {
    return `List[${nameOf(type.elementType)}, ${type.limit}]`;
  }
  if (type instanceof UnionType) return `Union[${(type.types as AnyType[]).map(nameOf).join(', ')}]`;
  return (type as AnyType).typeName;
}
