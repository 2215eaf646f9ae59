import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import { createTxFromRLP } from '@ethereumjs/tx';
import fc from 'fast-check';
import {
  keccak256 as viemKeccak256,
  recoverAddress,
  serializeTransaction,
  toHex,
  type Hex,
  type TransactionSerializable,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { bytesToHex, equalBytes, hexToBytes } from '../bytes.js';
import {
  decodeSignedTransaction,
  decodeTransaction,
  decodeTransactionBody,
  GETH_MESSAGES,
  intrinsicGas,
  TransactionDecodeError,
  TransactionErrorCode,
  type DecodedTransaction,
} from './index.js';

const hexOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => toHex(bytes));
const accounts = hexOf(32)
  .filter((key) => BigInt(key) > 0n && BigInt(key) < 2n ** 255n)
  .map((key) => privateKeyToAccount(key));

const common = {
  chainId: fc.oneof(
    fc.integer({ min: 1, max: 300 }),
    fc.maxSafeNat().map((id) => Math.max(1, Math.floor(id / 4))),
  ),
  nonce: fc.oneof(fc.nat(300), fc.maxSafeNat()),
  gas: fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 40n)),
  to: fc.option(hexOf(20), { nil: undefined }),
  value: fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 256n - 1n)),
  data: fc
    .oneof(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ minLength: 250, maxLength: 300 }))
    .map((bytes) => toHex(bytes)),
};
const fee = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 200n));
const accessList = fc.array(fc.record({ address: hexOf(20), storageKeys: fc.array(hexOf(32), { maxLength: 3 }) }), {
  maxLength: 3,
});
const unsigned: fc.Arbitrary<TransactionSerializable> = fc.oneof(
  fc.record({ ...common, type: fc.constant('legacy' as const), gasPrice: fee }),
  fc.record({ ...common, type: fc.constant('eip2930' as const), gasPrice: fee, accessList }),
  fc
    .record({ ...common, type: fc.constant('eip1559' as const), base: fee, maxPriorityFeePerGas: fee, accessList })
    .map(({ base, ...rest }) => ({ ...rest, maxFeePerGas: base + rest.maxPriorityFeePerGas })),
);

interface Sample {
  transaction: TransactionSerializable;
  sender: Hex;
  raw: Uint8Array;
}

/** Signs a random transaction with a random key. */
async function sign(
  transaction: TransactionSerializable,
  account: ReturnType<typeof privateKeyToAccount>,
): Promise<Sample> {
  const serialized = await account.signTransaction(transaction, { serializer: serializeTransaction });
  return { transaction, sender: account.address, raw: hexToBytes(serialized) };
}

function senderOf({ signingHash, signature, recoveryId }: DecodedTransaction): Promise<Hex | null> {
  const signature65 = toHex(Uint8Array.of(...signature, 27 + recoveryId));
  return recoverAddress({ hash: toHex(signingHash), signature: signature65 }).catch(() => null);
}

/** The oracle: @ethereumjs/tx with its validation, or null where it refuses or finds no sender. */
function decodeByOracle(raw: Uint8Array, chainId: number) {
  try {
    const common = createCustomCommon({ chainId }, Mainnet, { hardfork: Hardfork.Prague });
    const transaction = createTxFromRLP(raw, { common });
    const sender = transaction.getSenderAddress().toString();
    return { transaction, sender };
  } catch {
    return null;
  }
}

function tryDecode(raw: Uint8Array): DecodedTransaction | TransactionDecodeError {
  try {
    return decodeTransaction(raw);
  } catch (error) {
    if (error instanceof TransactionDecodeError) return error;
    throw error;
  }
}

describe('decodeTransaction', () => {
  it('reads what viem signed: fields, hashes, sender', async () => {
    await fc.assert(
      fc.asyncProperty(unsigned, accounts, async (wanted, account) => {
        const { raw, transaction, sender } = await sign(wanted, account);
        const decoded = decodeTransaction(raw);
        const price = 'gasPrice' in transaction ? transaction.gasPrice : undefined;
        expect(decoded).toMatchObject({
          type: { legacy: 0, eip2930: 1, eip1559: 2 }[transaction.type as string],
          chainId: transaction.chainId,
          nonce: BigInt(transaction.nonce!),
          gasLimit: transaction.gas,
          maxFeePerGas: transaction.maxFeePerGas ?? price,
          maxPriorityFeePerGas: transaction.maxPriorityFeePerGas ?? price,
          to: transaction.to ? hexToBytes(transaction.to) : null,
          value: transaction.value,
          data: hexToBytes(transaction.data!),
          hash: hexToBytes(viemKeccak256(raw)),
          signingHash: hexToBytes(viemKeccak256(serializeTransaction(transaction))),
        });
        expect(await senderOf(decoded)).toBe(sender);
      }),
      { numRuns: 150 },
    );
  });

  it('agrees with @ethereumjs/tx on hashes, signature, sender, access list and intrinsic gas', async () => {
    await fc.assert(
      fc.asyncProperty(unsigned, accounts, async (wanted, account) => {
        const { raw, sender } = await sign(wanted, account);
        const decoded = decodeTransaction(raw);
        const oracle = decodeByOracle(raw, decoded.chainId)!;
        expect(oracle.sender).toBe(sender.toLowerCase());
        expect(decoded.hash).toEqual(oracle.transaction.hash());
        expect(decoded.signingHash).toEqual(oracle.transaction.getHashedMessageToSign());
        expect(bytesToHex(decoded.signature)).toBe(
          toHex((oracle.transaction.r! << 256n) | oracle.transaction.s!, { size: 64 }),
        );
        expect(intrinsicGas(decoded)).toBe(oracle.transaction.getIntrinsicGas());
        const list = ('accessList' in oracle.transaction ? oracle.transaction.accessList : []) as [
          unknown,
          unknown[],
        ][];
        expect(decoded.accessListAddresses).toBe(list.length);
        expect(decoded.accessListStorageKeys).toBe(list.reduce((count, [, keys]) => count + keys.length, 0));
      }),
      { numRuns: 100 },
    );
  });

  it('refuses a transaction with one byte changed, or reads it as another one from another sender, as the oracle does', async () => {
    const accepted = { count: 0 };
    await fc.assert(
      fc.asyncProperty(
        unsigned,
        accounts,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (wanted, account, at, flip) => {
          const { raw, sender, transaction } = await sign(wanted, account);
          raw[at % raw.length]! ^= flip;
          const decoded = tryDecode(raw);
          if (decoded instanceof TransactionDecodeError) {
            // The one thing that the oracle takes and we do not.
            if (decoded.code === TransactionErrorCode.UNPROTECTED) return;
            expect(decodeByOracle(raw, transaction.chainId!), `refused as ${decoded.message}`).toBeNull();
            return;
          }
          const oracle = decodeByOracle(raw, decoded.chainId);
          const newSender = await senderOf(decoded);
          expect(newSender?.toLowerCase() ?? null).toBe(oracle?.sender ?? null);
          if (oracle === null) return;
          accepted.count++;
          expect(newSender).not.toBe(sender);
          expect(equalBytes(oracle.transaction.serialize(), raw)).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
    // Not vacuous: most changes of fields, data and signature leave a well-formed transaction.
    expect(accepted.count).toBeGreaterThan(50);
  });

  it('refuses random bytes and random changes of length without any other error', async () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(tryDecode(bytes)).toBeInstanceOf(TransactionDecodeError);
      }),
      { numRuns: 500 },
    );
    await fc.assert(
      fc.asyncProperty(
        unsigned,
        accounts,
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 3 }),
        async (wanted, account, at, extra) => {
          const { raw } = await sign(wanted, account);
          const cut = at % raw.length;
          expect(tryDecode(raw.subarray(0, cut))).toBeInstanceOf(TransactionDecodeError);
          expect(tryDecode(Uint8Array.of(...raw, ...extra))).toBeInstanceOf(TransactionDecodeError);
          const spliced = tryDecode(Uint8Array.of(...raw.subarray(0, cut), ...extra, ...raw.subarray(cut)));
          expect(spliced).toBeInstanceOf(TransactionDecodeError);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('reads from a Buffer inside a larger one and gives plain arrays', async () => {
    const account = privateKeyToAccount(toHex(1n, { size: 32 }));
    const to = toHex(5n, { size: 20 });
    const { raw } = await sign({ type: 'eip1559', chainId: 84001, to, data: '0x0102' }, account);
    const slab = Buffer.concat([Buffer.alloc(7), raw, Buffer.alloc(9)]);
    const decoded = decodeTransaction(slab.subarray(7, 7 + raw.length));
    expect(decoded).toEqual(decodeTransaction(raw));
    expect([decoded.to, decoded.data].some((bytes) => Buffer.isBuffer(bytes))).toBe(false);
  });
});

describe('decodeTransactionBody and decodeSignedTransaction', () => {
  it('are decodeTransaction without hashes that are not needed', async () => {
    await fc.assert(
      fc.asyncProperty(unsigned, accounts, async (wanted, account) => {
        const { raw } = await sign(wanted, account);
        const { hash, signingHash, ...body } = decodeTransaction(raw);
        expect(decodeTransactionBody(raw)).toEqual(body);
        expect(decodeSignedTransaction(raw)).toEqual({ ...body, signingHash });
        expect([hash.length, signingHash.length]).toEqual([32, 32]);
      }),
      { numRuns: 30 },
    );
  });
});

describe('GETH_MESSAGES', () => {
  it('begin the message of every error', () => {
    const error = tryDecode(Uint8Array.of(0x7f, 0x00)) as TransactionDecodeError;
    expect(error.message).toBe('transaction type not supported: type 0x7f, supported are 0, 1 and 2');
    expect(error.message.startsWith(GETH_MESSAGES[error.code])).toBe(true);
  });
});
