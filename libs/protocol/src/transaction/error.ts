import { bytesToHex } from '../bytes.js';
import { CHAIN_ID_MAX, TRANSACTION_BYTES_MAX } from '../constants.js';
import { LockstepError } from '../errors.js';

/** Why a raw transaction was refused. The values are stable. */
export enum TransactionErrorCode {
  OVERSIZED = 'TRANSACTION_OVERSIZED',
  TYPED_TOO_SHORT = 'TRANSACTION_TYPED_TOO_SHORT',
  TYPE_UNKNOWN = 'TRANSACTION_TYPE_UNKNOWN',
  BLOB_TYPE = 'TRANSACTION_BLOB_TYPE',
  SET_CODE_TYPE = 'TRANSACTION_SET_CODE_TYPE',
  RLP = 'TRANSACTION_RLP',
  SIGNATURE_VALUES = 'TRANSACTION_SIGNATURE_VALUES',
  UNPROTECTED = 'TRANSACTION_UNPROTECTED',
  CHAIN_ID_RANGE = 'TRANSACTION_CHAIN_ID_RANGE',
  CHAIN_ID_OTHER = 'TRANSACTION_CHAIN_ID_OTHER',
  NONCE_MAX = 'TRANSACTION_NONCE_MAX',
  FEE_CAP_VERY_HIGH = 'TRANSACTION_FEE_CAP_VERY_HIGH',
  TIP_VERY_HIGH = 'TRANSACTION_TIP_VERY_HIGH',
  TIP_ABOVE_FEE_CAP = 'TRANSACTION_TIP_ABOVE_FEE_CAP',
  GAS_COST_OVERFLOW = 'TRANSACTION_GAS_COST_OVERFLOW',
  INITCODE_OVERSIZED = 'TRANSACTION_INITCODE_OVERSIZED',
  INTRINSIC_GAS = 'TRANSACTION_INTRINSIC_GAS',
}

/** What can be wrong with an encoding, in the words of geth's `rlp` package. */
export enum RlpProblem {
  LEADING_ZERO = 'non-canonical integer (leading zero bytes)',
  SIZE_NOT_CANONICAL = 'non-canonical size information',
  VALUE_TOO_LARGE = 'value size exceeds available input length',
  ELEMENT_TOO_LARGE = 'element is larger than containing list',
  TOO_FEW_ELEMENTS = 'too few elements',
  TOO_MANY_ELEMENTS = 'input list has too many elements',
  EXPECTED_STRING = 'expected input string or byte',
  EXPECTED_LIST = 'expected input list',
  STRING_TOO_LONG = 'input string too long',
  STRING_TOO_SHORT = 'input string too short',
  TRAILING_BYTES = 'input contains more than one value',
}

/** The code of a refusal with the values that it is about. */
export type TransactionErrorType =
  | { code: TransactionErrorCode.OVERSIZED; sizeBytes: number }
  | { code: TransactionErrorCode.TYPED_TOO_SHORT; sizeBytes: number }
  | { code: TransactionErrorCode.TYPE_UNKNOWN; transactionType: number }
  | { code: TransactionErrorCode.BLOB_TYPE }
  | { code: TransactionErrorCode.SET_CODE_TYPE }
  | { code: TransactionErrorCode.RLP; problem: RlpProblem; field: string; offset: number }
  | { code: TransactionErrorCode.SIGNATURE_VALUES; field: 'v' | 'r' | 's'; value: bigint }
  | { code: TransactionErrorCode.UNPROTECTED; v: bigint }
  | { code: TransactionErrorCode.CHAIN_ID_RANGE; chainId: bigint }
  | { code: TransactionErrorCode.CHAIN_ID_OTHER; chainId: number; chainIdExpected: number }
  | { code: TransactionErrorCode.NONCE_MAX; nonce: bigint }
  | { code: TransactionErrorCode.FEE_CAP_VERY_HIGH; sizeBytes: number }
  | { code: TransactionErrorCode.TIP_VERY_HIGH; sizeBytes: number }
  | { code: TransactionErrorCode.TIP_ABOVE_FEE_CAP; maxPriorityFeePerGas: bigint; maxFeePerGas: bigint }
  | { code: TransactionErrorCode.GAS_COST_OVERFLOW; gasLimit: bigint; maxFeePerGas: bigint }
  | { code: TransactionErrorCode.INITCODE_OVERSIZED; sizeBytes: number; sizeBytesMax: number }
  | { code: TransactionErrorCode.INTRINSIC_GAS; gasLimit: bigint; gasRequired: bigint };

/** JSON-RPC's code for every refusal of a transaction, as geth answers it. */
export const GETH_ERROR_CODE = -32000;

/** geth's exact words for each code. Clients raise their typed errors by them; an error's message begins with them. */
export const GETH_MESSAGES: Readonly<Record<TransactionErrorCode, string>> = {
  [TransactionErrorCode.OVERSIZED]: 'oversized data',
  [TransactionErrorCode.TYPED_TOO_SHORT]: 'typed transaction too short',
  [TransactionErrorCode.TYPE_UNKNOWN]: 'transaction type not supported',
  [TransactionErrorCode.BLOB_TYPE]: 'transaction type not supported',
  [TransactionErrorCode.SET_CODE_TYPE]: 'transaction type not supported',
  [TransactionErrorCode.RLP]: 'rlp',
  [TransactionErrorCode.SIGNATURE_VALUES]: 'invalid sender',
  [TransactionErrorCode.UNPROTECTED]: 'only replay-protected (EIP-155) transactions allowed over RPC',
  [TransactionErrorCode.CHAIN_ID_RANGE]: 'invalid chain id for signer',
  [TransactionErrorCode.CHAIN_ID_OTHER]: 'invalid chain id for signer',
  [TransactionErrorCode.NONCE_MAX]: 'nonce has max value',
  [TransactionErrorCode.FEE_CAP_VERY_HIGH]: 'max fee per gas higher than 2^256-1',
  [TransactionErrorCode.TIP_VERY_HIGH]: 'max priority fee per gas higher than 2^256-1',
  [TransactionErrorCode.TIP_ABOVE_FEE_CAP]: 'max priority fee per gas higher than max fee per gas',
  [TransactionErrorCode.GAS_COST_OVERFLOW]: 'insufficient funds for gas * price + value',
  [TransactionErrorCode.INITCODE_OVERSIZED]: 'max initcode size exceeded',
  [TransactionErrorCode.INTRINSIC_GAS]: 'intrinsic gas too low',
};

/** A raw transaction that was refused. Its message is geth's words, a colon, and the offending value. */
export class TransactionDecodeError extends LockstepError<TransactionErrorType> {
  constructor(type: TransactionErrorType) {
    super(type, `${GETH_MESSAGES[type.code]}: ${describe(type)}`);
  }
}

function describe(type: TransactionErrorType): string {
  switch (type.code) {
    case TransactionErrorCode.OVERSIZED:
      return `transaction size ${type.sizeBytes}, limit ${TRANSACTION_BYTES_MAX}`;
    case TransactionErrorCode.TYPED_TOO_SHORT:
      return `${type.sizeBytes} bytes`;
    case TransactionErrorCode.TYPE_UNKNOWN:
      return `type ${bytesToHex(Uint8Array.of(type.transactionType))}, supported are 0, 1 and 2`;
    case TransactionErrorCode.BLOB_TYPE:
      return 'type 0x03 (EIP-4844 blobs), supported are 0, 1 and 2';
    case TransactionErrorCode.SET_CODE_TYPE:
      return 'type 0x04 (EIP-7702 set code), supported are 0, 1 and 2';
    case TransactionErrorCode.RLP:
      return `${type.problem}, decoding ${type.field} at byte ${type.offset}`;
    case TransactionErrorCode.SIGNATURE_VALUES:
      return `invalid transaction v, r, s values: ${type.field} ${type.value} is out of range`;
    case TransactionErrorCode.UNPROTECTED:
      return `v ${type.v} carries no chain id`;
    case TransactionErrorCode.CHAIN_ID_RANGE:
      return `have ${type.chainId} want 1 to ${CHAIN_ID_MAX}`;
    case TransactionErrorCode.CHAIN_ID_OTHER:
      return `have ${type.chainId} want ${type.chainIdExpected}`;
    case TransactionErrorCode.NONCE_MAX:
      return `nonce ${type.nonce} (EIP-2681)`;
    case TransactionErrorCode.FEE_CAP_VERY_HIGH:
    case TransactionErrorCode.TIP_VERY_HIGH:
      return `${type.sizeBytes * 8} bits`;
    case TransactionErrorCode.TIP_ABOVE_FEE_CAP:
      return `maxPriorityFeePerGas ${type.maxPriorityFeePerGas}, maxFeePerGas ${type.maxFeePerGas}`;
    case TransactionErrorCode.GAS_COST_OVERFLOW:
      return `gas limit ${type.gasLimit} at ${type.maxFeePerGas} each exceeds 2^256-1`;
    case TransactionErrorCode.INITCODE_OVERSIZED:
      return `code size ${type.sizeBytes}, limit ${type.sizeBytesMax}`;
    case TransactionErrorCode.INTRINSIC_GAS:
      return `gas ${type.gasLimit}, minimum needed ${type.gasRequired}`;
  }
}
