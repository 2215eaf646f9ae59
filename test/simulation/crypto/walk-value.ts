import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  UnionType,
} from '@chainsafe/ssz';
import { addBytes, addWord } from './running-hash.js';

/** Takes a value of one SSZ type into the hash under way. */
export type Walker = (value: unknown) => void;

const walkers = new WeakMap<object, Walker>();

/**
 * What takes the values of an SSZ type into the hash under way, field by field and without serialising them. Lengths and
 * selectors are taken in too, so that no two values of a type give the same words.
 */
export function walkerOf(type: object): Walker {
  let walker = walkers.get(type);
  if (!walker) walkers.set(type, (walker = makeWalker(type)));
  return walker;
}

function makeWalker(type: object): Walker {
  if (type instanceof ContainerType) return fieldsWalker(Object.entries(type.fields as Record<string, object>));
  if (type instanceof ListCompositeType || type instanceof ListBasicType) {
    const walk = walkerOf(type.elementType as object);
    return (value) => {
      const elements = value as readonly unknown[];
      addWord(elements.length);
      for (let index = 0; index < elements.length; index++) walk(elements[index]);
    };
  }
  if (type instanceof UnionType) {
    const options = (type.types as object[]).map(walkerOf);
    return (value) => {
      const { selector, value: selected } = value as { selector: number; value: unknown };
      addWord(selector);
      options[selector]!(selected);
    };
  }
  if (type instanceof ByteVectorType) return (value) => addBytes(value as Uint8Array);
  if (type instanceof ByteListType) {
    return (value) => {
      addWord((value as Uint8Array).length);
      addBytes(value as Uint8Array);
    };
  }
  return walkBasic;
}

function fieldsWalker(entries: readonly (readonly [string, object])[]): Walker {
  const fields = entries.map(([name, type]) => ({ name, walk: walkerOf(type) }));
  return (value) => {
    const container = value as Record<string, unknown>;
    for (let index = 0; index < fields.length; index++) {
      const { name, walk } = fields[index]!;
      walk(container[name]);
    }
  };
}

function walkBasic(value: unknown): void {
  if (typeof value === 'number') {
    addWord(value | 0);
    addWord(Math.floor(value / 0x1_0000_0000));
  } else if (typeof value === 'bigint') {
    addBigint(value);
  } else {
    addWord(value === true ? 1 : 0);
  }
}

/** Six bytes at a time, lowest first, and how many times. */
function addBigint(value: bigint): void {
  let steps = 0;
  for (let rest = value; ; rest >>= 48n) {
    const isLast = rest <= 0xffff_ffff_ffffn;
    const step = Number(isLast ? rest : BigInt.asUintN(48, rest));
    addWord(step | 0);
    addWord(Math.floor(step / 0x1_0000_0000));
    steps += 1;
    if (isLast) break;
  }
  addWord(steps);
}
