/**
 * A place in a stream: everything up to event `index` of block `number` was told, all incidents up to `incident`, and
 * all changes of executors' incidents up to `change`. `hash` is the beginning of the block's hash: after a restore
 * another block has its number.
 */
export interface EventPosition {
  number: number;
  hash: string;
  /** Infinity when the whole block was told. */
  index: number;
  incident: bigint;
  change: bigint;
}

const ID = /^([0-9]{1,16})-([0-9]{1,9}|end)-([0-9a-f]{8})-([0-9]{1,18})-([0-9]{1,18})$/;

/** The id of a position, as `id:` of an event. */
export const formatEventId = ({ number, hash, index, incident, change }: EventPosition): string =>
  `${number}-${index === Infinity ? 'end' : index}-${hash}-${incident}-${change}`;

/** Null for what is no id of ours. */
export function parseEventId(text: string): EventPosition | null {
  const [, number, index, hash, incident, change] = ID.exec(text) ?? [];
  if (number === undefined || !Number.isSafeInteger(Number(number))) return null;
  return {
    number: Number(number),
    index: index === 'end' ? Infinity : Number(index),
    hash: hash!,
    incident: BigInt(incident!),
    change: BigInt(change!),
  };
}

/** The part of a block's hash that ids carry. */
export const shortHash = (hash: Uint8Array): string => Buffer.from(hash.subarray(0, 4)).toString('hex');
