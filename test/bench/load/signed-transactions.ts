import { addressOfPrivateKey, signDigest } from '#libs/crypto';
import { bigIntToBytesBE, bytesToHex, concatBytes, type Hex, hexToBytes, keccak256 } from '#libs/protocol';

const GWEI = 1_000_000_000n;
const RECEIVER = hexToBytes('0x000000000000000000000000000000000000c0de');
const EMPTY = new Uint8Array(0);
const EMPTY_LIST = Uint8Array.of(0xc0);
const TYPE_2 = Uint8Array.of(2);

/** A signed transaction as it is submitted, with the hash it will have in the log. */
export interface SignedTransaction {
  raw: Uint8Array;
  hash: Uint8Array;
}

/** An account that only the benchmark uses, with the next nonce it will sign on each rollup. */
export class BenchSender {
  readonly address: Uint8Array;
  private readonly key: Uint8Array;
  private readonly nonces = new Map<number, bigint>();

  constructor(index: number) {
    this.key = keccak256(new TextEncoder().encode(`lockstep bench sender ${index}`));
    this.address = addressOfPrivateKey(this.key);
  }

  get addressHex(): Hex {
    return bytesToHex(this.address);
  }

  /** How many transactions it has signed for a rollup. */
  signedOn(chainId: number): bigint {
    return this.nonces.get(chainId) ?? 0n;
  }

  /** Its next plain transfer of one wei, type 2 (EIP-1559), 21,000 gas at 1 gwei: 114 to 120 bytes. */
  sign(chainId: number): SignedTransaction {
    const nonce = this.signedOn(chainId);
    this.nonces.set(chainId, nonce + 1n);
    const fields = [
      ...[BigInt(chainId), nonce, GWEI, GWEI, 21_000n].map(rlpNumber),
      rlpString(RECEIVER),
      rlpNumber(1n),
      rlpString(EMPTY),
      EMPTY_LIST,
    ];
    const digest = keccak256(concatBytes(TYPE_2, rlpList(fields)));
    const signature = signDigest(digest, this.key);
    const [r, s] = [signature.subarray(0, 32), signature.subarray(32, 64)].map(withoutLeadingZeros);
    const v = rlpNumber(BigInt(signature[64]! - 27));
    const raw = concatBytes(TYPE_2, rlpList([...fields, v, rlpString(r!), rlpString(s!)]));
    return { raw, hash: keccak256(raw) };
  }
}

/** The RLP string of up to 55 bytes (Yellow Paper, appendix B). */
function rlpString(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 1 && bytes[0]! < 0x80) return bytes;
  return concatBytes(Uint8Array.of(0x80 + bytes.length), bytes);
}

const rlpNumber = (value: bigint): Uint8Array =>
  rlpString(value === 0n ? EMPTY : bigIntToBytesBE(value, Math.ceil(value.toString(16).length / 2)));

function rlpList(items: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...items);
  const { length } = content;
  return concatBytes(length < 56 ? Uint8Array.of(0xc0 + length) : Uint8Array.of(0xf8, length), content);
}

function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (bytes[start] === 0) start++;
  return bytes.subarray(start);
}
