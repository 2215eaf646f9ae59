import { TransactionDecodeError, TransactionErrorCode } from './error.js';
import { type TransactionBody } from './transaction-body.js';

/** Largest code that a creating transaction may carry, in bytes (EIP-3860). */
export const INITCODE_BYTES_MAX = 49_152;

const TRANSACTION_GAS = 21_000;
/** EIP-2028. */
const ZERO_BYTE_GAS = 4;
const NON_ZERO_BYTE_GAS = 16;
/** EIP-2930. */
const ACCESS_LIST_ADDRESS_GAS = 2_400;
const ACCESS_LIST_STORAGE_KEY_GAS = 1_900;
/** EIP-2. */
const CREATION_GAS = 32_000;
/** EIP-3860. */
const INITCODE_WORD_GAS = 2;

type IntrinsicGasFields = Pick<TransactionBody, 'to' | 'data' | 'accessListAddresses' | 'accessListStorageKeys'>;

/**
 * The gas that a transaction costs before anything runs: the base fee of Ethereum's Shanghai rules, with calldata by
 * EIP-2028, access lists by EIP-2930 and creation by EIP-2 and EIP-3860. The calldata floor of EIP-7623 is not applied.
 */
export function intrinsicGas({ to, data, accessListAddresses, accessListStorageKeys }: IntrinsicGasFields): bigint {
  // A number: 128 KiB of calldata and its access list stay far below 2^53.
  let gas = TRANSACTION_GAS + data.length * ZERO_BYTE_GAS;
  for (let index = 0; index < data.length; index++) {
    if (data[index] !== 0) gas += NON_ZERO_BYTE_GAS - ZERO_BYTE_GAS;
  }
  gas += accessListAddresses * ACCESS_LIST_ADDRESS_GAS + accessListStorageKeys * ACCESS_LIST_STORAGE_KEY_GAS;
  if (to === null) gas += CREATION_GAS + Math.ceil(data.length / 32) * INITCODE_WORD_GAS;
  return BigInt(gas);
}

/** Refuses a gas limit below {@link intrinsicGas}. @throws {TransactionDecodeError} `TRANSACTION_INTRINSIC_GAS`. */
export function checkIntrinsicGas(transaction: TransactionBody): void {
  const { gasLimit } = transaction;
  const gasRequired = intrinsicGas(transaction);
  if (gasLimit < gasRequired) {
    throw new TransactionDecodeError({ code: TransactionErrorCode.INTRINSIC_GAS, gasLimit, gasRequired });
  }
}
