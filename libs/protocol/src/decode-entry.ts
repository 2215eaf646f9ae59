import { entryBody } from './entry.js';
import { Decision, Prepare } from './operation.js';
import { SignedPrice } from './price.js';
import { SignedRegistryChange } from './registry.js';

/**
 * Decoders of serialised entries, kind byte included. Each remembers what it has decoded for as long as the bytes live,
 * since an entry is looked at by several parts of a process in turn. So neither the bytes nor what is decoded may be
 * changed in place.
 *
 * They throw what SSZ throws at bytes that are none of their kind.
 */
export const decodePrepare = decoderOf<Prepare>(Prepare as { deserialize(bytes: Uint8Array): Prepare });
export const decodeDecision = decoderOf<Decision>(Decision);
export const decodePrice = decoderOf<SignedPrice>(SignedPrice);
export const decodeRegistryChange = decoderOf<SignedRegistryChange>(SignedRegistryChange);

function decoderOf<T>(type: { deserialize(bytes: Uint8Array): T }): (entry: Uint8Array) => T {
  const decoded = new WeakMap<Uint8Array, T & object>();
  return (entry) => {
    let value = decoded.get(entry);
    if (!value) {
      value = type.deserialize(entryBody(entry)) as T & object;
      decoded.set(entry, value);
    }
    return value;
  };
}
