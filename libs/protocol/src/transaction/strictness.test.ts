import { toRlp, type Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import { concatBytes, hexToBytes } from '../bytes.js';
import {
  checkChainId,
  checkIntrinsicGas,
  decodeTransaction,
  GETH_MESSAGES,
  intrinsicGas,
  RlpProblem,
  TransactionDecodeError,
  TransactionErrorCode,
  type TransactionErrorType,
} from './index.js';

type Field = Hex | readonly Field[];

const ADDRESS: Hex = `0x${'11'.repeat(20)}`;
const WORD: Hex = `0x${'22'.repeat(32)}`;
const CURVE_ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
const LOW_S_MAX = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0';
const HIGH_S_MIN = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1';
const UINT64_MAX: Hex = `0x${'ff'.repeat(8)}`;
const CHAIN = 84001;
const CHAIN_HEX: Hex = '0x014821';
const LEGACY_V: Hex = '0x029065';

const LEGACY = {
  nonce: '0x05',
  gasPrice: '0x09',
  gas: '0x5208',
  to: ADDRESS,
  value: '0x01',
  data: '0x',
  v: LEGACY_V,
  r: WORD,
  s: WORD,
};
const TYPE_1 = {
  chainId: CHAIN_HEX,
  nonce: '0x05',
  gasPrice: '0x09',
  gas: '0x5208',
  to: ADDRESS,
  value: '0x01',
  data: '0x',
  accessList: [],
  v: '0x',
  r: WORD,
  s: WORD,
};
const TYPE_2 = {
  chainId: CHAIN_HEX,
  nonce: '0x05',
  tip: '0x01',
  feeCap: '0x09',
  gas: '0x5208',
  to: ADDRESS,
  value: '0x01',
  data: '0x',
  accessList: [],
  v: '0x',
  r: WORD,
  s: WORD,
};

const TYPE_2_WITHOUT_S = Object.fromEntries(Object.entries(TYPE_2).slice(0, -1));

/** The bytes of a well-formed legacy transaction but for `changes`; fields keep their order. */
const legacy = (changes: Record<string, Field> = {}) => encode([], { ...LEGACY, ...changes });
const type1 = (changes: Record<string, Field> = {}) => encode([1], { ...TYPE_1, ...changes });
const type2 = (changes: Record<string, Field> = {}) => encode([2], { ...TYPE_2, ...changes });

function encode(type: number[], fields: Record<string, unknown>): Uint8Array {
  return concatBytes(Uint8Array.from(type), hexToBytes(toRlp(Object.values(fields) as Hex[])));
}

/** A list of already encoded items, with a header of the right size. */
function list(items: Uint8Array): Uint8Array {
  const header =
    items.length < 56
      ? [0xc0 + items.length]
      : items.length < 256
        ? [0xf8, items.length]
        : [0xf9, items.length >> 8, items.length & 255];
  return Uint8Array.of(...header, ...items);
}

/** Type 2 with one field's encoding replaced by `bytes`, so that it may be non-canonical. */
function type2WithEncoded(field: keyof typeof TYPE_2, bytes: number[]): Uint8Array {
  const items = Object.entries(TYPE_2).map(([name, value]) =>
    name === field ? Uint8Array.from(bytes) : hexToBytes(toRlp(value as Hex)),
  );
  return Uint8Array.of(2, ...list(concatBytes(...items)));
}

function refusal(run: () => unknown): TransactionErrorType {
  try {
    run();
  } catch (error) {
    if (!(error instanceof TransactionDecodeError)) throw error;
    expect(error.message.startsWith(`${GETH_MESSAGES[error.code]}: `)).toBe(true);
    return error.type;
  }
  throw new Error('accepted');
}

describe('decodeTransaction accepts', () => {
  it.each([
    ['a legacy transaction', legacy()],
    ['type 1', type1()],
    ['type 2', type2()],
    ['a creation', type2({ to: '0x' })],
    [
      'an access list',
      type1({
        accessList: [
          [ADDRESS, []],
          [ADDRESS, [WORD, WORD]],
        ],
      }),
    ],
    ['the largest low s', type2({ s: `0x${LOW_S_MAX}` })],
    ['r and s of 1', type2({ r: '0x01', s: '0x01' })],
    ['the largest nonce', type2({ nonce: '0xfffffffffffffffe' })],
    ['the largest gas limit', type2({ gas: UINT64_MAX })],
    ['the largest value', type2({ value: `0x${'ff'.repeat(32)}` })],
    ['the largest chain id', type2({ chainId: '0x1fffffffffffff' })],
    ['the largest legacy chain id', legacy({ v: '0x40000000000022' })],
    ['a tip equal to the fee cap', type2({ tip: '0x09' })],
    ['the largest creation code', type2({ to: '0x', data: `0x${'01'.repeat(49_152)}` })],
    ['data of one byte below 0x80', type2({ data: '0x00' })],
  ])('%s', (_name, raw) => {
    expect(() => decodeTransaction(raw)).not.toThrow();
  });

  it('the largest size, and not a byte more', () => {
    const overhead = type2({ data: `0x${'01'.repeat(70_000)}` }).length - 70_000;
    const withSize = (size: number) => type2({ data: `0x${'01'.repeat(size - overhead)}` });
    expect(withSize(131_072)).toHaveLength(131_072);
    expect(decodeTransaction(withSize(131_072)).data).toHaveLength(131_072 - overhead);
    expect(refusal(() => decodeTransaction(withSize(131_073)))).toEqual({
      code: TransactionErrorCode.OVERSIZED,
      sizeBytes: 131_073,
    });
  });
});

describe('decodeTransaction refuses encodings that are not canonical', () => {
  const withKey = (key: Field): Uint8Array => type1({ accessList: [[ADDRESS, [key]]] });
  const cases: [string, Uint8Array, RlpProblem, string][] = [
    ['a leading zero in the nonce', type2({ nonce: '0x0005' }), RlpProblem.LEADING_ZERO, 'nonce'],
    ['a zero written as a byte', type2({ value: '0x00' }), RlpProblem.LEADING_ZERO, 'value'],
    ['a leading zero in the chain id', type2({ chainId: '0x00014821' }), RlpProblem.LEADING_ZERO, 'chainId'],
    ['a leading zero in the gas price', legacy({ gasPrice: '0x0009' }), RlpProblem.LEADING_ZERO, 'gasPrice'],
    ['a leading zero in the gas limit', legacy({ gas: '0x005208' }), RlpProblem.LEADING_ZERO, 'gasLimit'],
    ['a zero parity written as a byte', type2({ v: '0x00' }), RlpProblem.LEADING_ZERO, 'yParity'],
    ['a leading zero in the legacy v', legacy({ v: '0x00029065' }), RlpProblem.LEADING_ZERO, 'v'],
    ['a leading zero in r', type2({ r: `0x00${'22'.repeat(31)}` }), RlpProblem.LEADING_ZERO, 'r'],
    ['a leading zero in s', type2({ s: `0x00${'22'.repeat(31)}` }), RlpProblem.LEADING_ZERO, 's'],
    [
      'a byte below 0x80 with a header',
      type2WithEncoded('nonce', [0x81, 0x05]),
      RlpProblem.SIZE_NOT_CANONICAL,
      'nonce',
    ],
    [
      'a long form for a short string',
      type2WithEncoded('nonce', [0xb8, 0x02, 0x11, 0x22]),
      RlpProblem.SIZE_NOT_CANONICAL,
      'nonce',
    ],
    [
      'a length with a leading zero',
      type2WithEncoded('data', [0xb9, 0, 0x38, ...new Array<number>(56).fill(1)]),
      RlpProblem.SIZE_NOT_CANONICAL,
      'data',
    ],
    [
      'a long form for a short list',
      type2WithEncoded('accessList', [0xf8, 0x00]),
      RlpProblem.SIZE_NOT_CANONICAL,
      'accessList',
    ],
    ['a trailing byte', Uint8Array.of(...type2(), 0), RlpProblem.TRAILING_BYTES, 'transaction'],
    ['a trailing byte after a legacy one', Uint8Array.of(...legacy(), 0x80), RlpProblem.TRAILING_BYTES, 'transaction'],
    ['a missing byte', type2().slice(0, -1), RlpProblem.VALUE_TOO_LARGE, 'transaction'],
    ['a missing field', encode([2], TYPE_2_WITHOUT_S), RlpProblem.TOO_FEW_ELEMENTS, 's'],
    ['a field too many', type2({ extra: '0x01' }), RlpProblem.TOO_MANY_ELEMENTS, 'transaction'],
    ['a list for a string', type2({ data: ['0x01'] }), RlpProblem.EXPECTED_STRING, 'data'],
    ['a list for an integer', type2({ nonce: [] }), RlpProblem.EXPECTED_STRING, 'nonce'],
    ['a string for the transaction', Uint8Array.of(0x83, 1, 2, 3), RlpProblem.EXPECTED_LIST, 'transaction'],
    ['a string for a typed transaction', Uint8Array.of(2, 0x81, 0x90), RlpProblem.EXPECTED_LIST, 'transaction'],
    [
      'an absurd length',
      Uint8Array.of(2, 0xff, ...new Array<number>(8).fill(255)),
      RlpProblem.VALUE_TOO_LARGE,
      'transaction',
    ],
    ['a length cut off', Uint8Array.of(2, 0xf9, 0x01), RlpProblem.VALUE_TOO_LARGE, 'transaction'],
    ['an address of 19 bytes', type2({ to: `0x${'11'.repeat(19)}` }), RlpProblem.STRING_TOO_SHORT, 'to'],
    ['an address of 21 bytes', type2({ to: `0x${'11'.repeat(21)}` }), RlpProblem.STRING_TOO_LONG, 'to'],
    ['a nonce of 9 bytes', type2({ nonce: `0x01${'00'.repeat(8)}` }), RlpProblem.STRING_TOO_LONG, 'nonce'],
    ['a gas limit of 2^64', type2({ gas: `0x01${'00'.repeat(8)}` }), RlpProblem.STRING_TOO_LONG, 'gasLimit'],
    ['a value of 2^256', type2({ value: `0x01${'00'.repeat(32)}` }), RlpProblem.STRING_TOO_LONG, 'value'],
    ['an r of 33 bytes', type2({ r: `0x01${'00'.repeat(32)}` }), RlpProblem.STRING_TOO_LONG, 'r'],
    ['a string for the access list', type1({ accessList: '0x' }), RlpProblem.EXPECTED_LIST, 'accessList'],
    ['a string for an access list item', type1({ accessList: [ADDRESS] }), RlpProblem.EXPECTED_LIST, 'accessList item'],
    [
      'an access list address of 19 bytes',
      type1({ accessList: [[`0x${'11'.repeat(19)}`, []]] }),
      RlpProblem.STRING_TOO_SHORT,
      'accessList address',
    ],
    [
      'an access list item without keys',
      type1({ accessList: [[ADDRESS]] }),
      RlpProblem.TOO_FEW_ELEMENTS,
      'accessList storageKeys',
    ],
    [
      'an access list item with a third element',
      type1({ accessList: [[ADDRESS, [], []]] }),
      RlpProblem.TOO_MANY_ELEMENTS,
      'accessList item',
    ],
    [
      'a string for storage keys',
      type1({ accessList: [[ADDRESS, WORD]] }),
      RlpProblem.EXPECTED_LIST,
      'accessList storageKeys',
    ],
    [
      'a storage key of 31 bytes',
      withKey(`0x${'22'.repeat(31)}`),
      RlpProblem.STRING_TOO_SHORT,
      'accessList storageKey',
    ],
    ['a storage key of 33 bytes', withKey(`0x${'22'.repeat(33)}`), RlpProblem.STRING_TOO_LONG, 'accessList storageKey'],
    ['a list for a storage key', withKey([]), RlpProblem.EXPECTED_STRING, 'accessList storageKey'],
  ];

  it.each(cases)('%s', (_name, raw, problem, field) => {
    expect(refusal(() => decodeTransaction(raw))).toMatchObject({ code: TransactionErrorCode.RLP, problem, field });
  });
});

describe('decodeTransaction refuses values out of range', () => {
  const creation: Record<string, Field> = { to: '0x', data: `0x${'01'.repeat(49_153)}` };
  const cases: [string, Uint8Array, object][] = [
    ['nothing', Uint8Array.of(), { code: TransactionErrorCode.TYPED_TOO_SHORT }],
    ['a type alone', Uint8Array.of(2), { code: TransactionErrorCode.TYPED_TOO_SHORT }],
    [
      'type 0 written out',
      Uint8Array.of(0, ...legacy()),
      { code: TransactionErrorCode.TYPE_UNKNOWN, transactionType: 0 },
    ],
    ['type 3', encode([3], TYPE_2), { code: TransactionErrorCode.BLOB_TYPE }],
    ['type 4', encode([4], TYPE_2), { code: TransactionErrorCode.SET_CODE_TYPE }],
    ['type 5', encode([5], TYPE_2), { code: TransactionErrorCode.TYPE_UNKNOWN, transactionType: 5 }],
    ['v 27 (before EIP-155)', legacy({ v: '0x1b' }), { code: TransactionErrorCode.UNPROTECTED, v: 27n }],
    ['v 28 (before EIP-155)', legacy({ v: '0x1c' }), { code: TransactionErrorCode.UNPROTECTED, v: 28n }],
    ['a legacy v of 0', legacy({ v: '0x' }), { code: TransactionErrorCode.SIGNATURE_VALUES, field: 'v', value: 0n }],
    [
      'a legacy v of 34',
      legacy({ v: '0x22' }),
      { code: TransactionErrorCode.SIGNATURE_VALUES, field: 'v', value: 34n },
    ],
    ['a parity of 2', type2({ v: '0x02' }), { code: TransactionErrorCode.SIGNATURE_VALUES, field: 'v', value: 2n }],
    ['a parity of 27', type1({ v: '0x1b' }), { code: TransactionErrorCode.SIGNATURE_VALUES, field: 'v', value: 27n }],
    ['r = 0', type2({ r: '0x' }), { code: TransactionErrorCode.SIGNATURE_VALUES, field: 'r', value: 0n }],
    ['r = n', type2({ r: `0x${CURVE_ORDER}` }), { code: TransactionErrorCode.SIGNATURE_VALUES, field: 'r' }],
    ['s = 0', type2({ s: '0x' }), { code: TransactionErrorCode.SIGNATURE_VALUES, field: 's', value: 0n }],
    ['the lowest high s', type2({ s: `0x${HIGH_S_MIN}` }), { code: TransactionErrorCode.SIGNATURE_VALUES, field: 's' }],
    ['s = n', legacy({ s: `0x${CURVE_ORDER}` }), { code: TransactionErrorCode.SIGNATURE_VALUES, field: 's' }],
    ['chain id 0', type2({ chainId: '0x' }), { code: TransactionErrorCode.CHAIN_ID_RANGE, chainId: 0n }],
    ['chain id 0 in v', legacy({ v: '0x23' }), { code: TransactionErrorCode.CHAIN_ID_RANGE, chainId: 0n }],
    [
      'chain id 2^53',
      type1({ chainId: '0x20000000000000' }),
      { code: TransactionErrorCode.CHAIN_ID_RANGE, chainId: 2n ** 53n },
    ],
    [
      'chain id 2^53 in v',
      legacy({ v: '0x40000000000023' }),
      { code: TransactionErrorCode.CHAIN_ID_RANGE, chainId: 2n ** 53n },
    ],
    ['nonce 2^64-1 (EIP-2681)', type2({ nonce: UINT64_MAX }), { code: TransactionErrorCode.NONCE_MAX }],
    [
      'a fee cap of 2^256',
      type2({ feeCap: `0x01${'00'.repeat(32)}` }),
      { code: TransactionErrorCode.FEE_CAP_VERY_HIGH },
    ],
    [
      'a gas price of 2^256',
      legacy({ gasPrice: `0x01${'00'.repeat(32)}` }),
      { code: TransactionErrorCode.FEE_CAP_VERY_HIGH },
    ],
    ['a tip of 2^256', type2({ tip: `0x01${'00'.repeat(32)}` }), { code: TransactionErrorCode.TIP_VERY_HIGH }],
    [
      'a tip of 100 KB',
      type2({ tip: `0x${'01'.repeat(100_000)}` }),
      { code: TransactionErrorCode.TIP_VERY_HIGH, sizeBytes: 100_000 },
    ],
    [
      'a tip above the fee cap',
      type2({ tip: '0x0a' }),
      { code: TransactionErrorCode.TIP_ABOVE_FEE_CAP, maxPriorityFeePerGas: 10n, maxFeePerGas: 9n },
    ],
    [
      'gas that nobody can pay',
      type2({ feeCap: `0x${'ff'.repeat(32)}` }),
      { code: TransactionErrorCode.GAS_COST_OVERFLOW },
    ],
    [
      'creation code above the limit (EIP-3860)',
      type2(creation),
      { code: TransactionErrorCode.INITCODE_OVERSIZED, sizeBytes: 49_153 },
    ],
  ];

  it.each(cases)('%s', (_name, raw, expected) => {
    expect(refusal(() => decodeTransaction(raw))).toMatchObject(expected);
  });
});

describe('checkChainId', () => {
  it('takes the own chain alone, in all types', () => {
    for (const raw of [legacy(), type1(), type2()]) {
      const transaction = decodeTransaction(raw);
      expect(() => checkChainId(transaction, CHAIN)).not.toThrow();
      expect(refusal(() => checkChainId(transaction, CHAIN + 1))).toEqual({
        code: TransactionErrorCode.CHAIN_ID_OTHER,
        chainId: CHAIN,
        chainIdExpected: CHAIN + 1,
      });
    }
  });
});

describe('intrinsicGas', () => {
  it.each([
    ['a transfer', type2(), 21_000n],
    ['calldata (EIP-2028)', type2({ data: '0x0001ff' }), 21_000n + 4n + 16n + 16n],
    [
      'an access list (EIP-2930)',
      type1({
        accessList: [
          [ADDRESS, [WORD, WORD]],
          [ADDRESS, []],
        ],
      }),
      21_000n + 2n * 2_400n + 2n * 1_900n,
    ],
    ['a creation of two words (EIP-3860)', type2({ to: '0x', data: `0x${'01'.repeat(33)}` }), 53_000n + 33n * 16n + 4n],
  ])('of %s', (_name, raw, gas) => {
    expect(intrinsicGas(decodeTransaction(raw))).toBe(gas);
  });

  it('is the least gas limit that is taken', () => {
    expect(() => checkIntrinsicGas(decodeTransaction(type2()))).not.toThrow();
    expect(refusal(() => checkIntrinsicGas(decodeTransaction(type2({ gas: '0x5207' }))))).toEqual({
      code: TransactionErrorCode.INTRINSIC_GAS,
      gasLimit: 20_999n,
      gasRequired: 21_000n,
    });
  });
});
