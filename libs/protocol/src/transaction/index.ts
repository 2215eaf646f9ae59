export {
  checkChainId,
  decodeSignedTransaction,
  decodeTransaction,
  decodeTransactionBody,
} from './decode-transaction.js';
export {
  GETH_ERROR_CODE,
  GETH_MESSAGES,
  RlpProblem,
  TransactionDecodeError,
  TransactionErrorCode,
  type TransactionErrorType,
} from './error.js';
export { checkIntrinsicGas, INITCODE_BYTES_MAX, intrinsicGas } from './intrinsic-gas.js';
export {
  type DecodedTransaction,
  type SignedTransaction,
  type TransactionBody,
  type TransactionType,
} from './transaction-body.js';
