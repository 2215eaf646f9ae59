import { hexToBytes } from '#libs/protocol';

/** Where every rollup has its options market: one constant address that ends in `lockstep` in ASCII. */
export const OPTIONS_MARKET_ADDRESS: Uint8Array = hexToBytes('0x0000000000000000000000006c6f636b73746570');

/**
 * The market's ABI, as viem and ethers take it. Amounts and quantities are base units. Of a pair the first is what is
 * available, `held` what undecided operations hold.
 */
export const OPTIONS_MARKET_ABI = [
  {
    type: 'function',
    name: 'transfer',
    stateMutability: 'nonpayable',
    inputs: [
      { name: 'asset', type: 'address' },
      { name: 'to', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
    outputs: [],
  },
  {
    type: 'function',
    name: 'transferOption',
    stateMutability: 'nonpayable',
    inputs: [
      { name: 'series', type: 'bytes32' },
      { name: 'backer', type: 'address' },
      { name: 'to', type: 'address' },
      { name: 'quantity', type: 'uint256' },
    ],
    outputs: [],
  },
  {
    type: 'function',
    name: 'poolDeposit',
    stateMutability: 'nonpayable',
    inputs: [
      { name: 'pool', type: 'address' },
      { name: 'asset', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
    outputs: [],
  },
  {
    type: 'function',
    name: 'poolWithdraw',
    stateMutability: 'nonpayable',
    inputs: [
      { name: 'pool', type: 'address' },
      { name: 'asset', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
    outputs: [],
  },
  {
    type: 'function',
    name: 'balanceOf',
    stateMutability: 'view',
    inputs: [
      { name: 'asset', type: 'address' },
      { name: 'owner', type: 'address' },
    ],
    outputs: [{ name: '', type: 'uint256' }],
  },
  {
    type: 'function',
    name: 'heldOf',
    stateMutability: 'view',
    inputs: [
      { name: 'asset', type: 'address' },
      { name: 'owner', type: 'address' },
    ],
    outputs: [{ name: '', type: 'uint256' }],
  },
  {
    type: 'function',
    name: 'positionOf',
    stateMutability: 'view',
    inputs: [
      { name: 'holder', type: 'address' },
      { name: 'series', type: 'bytes32' },
      { name: 'backer', type: 'address' },
    ],
    outputs: [
      { name: 'quantity', type: 'uint256' },
      { name: 'held', type: 'uint256' },
    ],
  },
  {
    type: 'function',
    name: 'exposureOf',
    stateMutability: 'view',
    inputs: [
      { name: 'series', type: 'bytes32' },
      { name: 'backer', type: 'address' },
    ],
    outputs: [
      { name: 'quantity', type: 'uint256' },
      { name: 'held', type: 'uint256' },
    ],
  },
  {
    type: 'function',
    name: 'collateralOf',
    stateMutability: 'view',
    inputs: [
      { name: 'series', type: 'bytes32' },
      { name: 'backer', type: 'address' },
    ],
    outputs: [
      { name: 'amount', type: 'uint256' },
      { name: 'held', type: 'uint256' },
    ],
  },
  {
    type: 'function',
    name: 'latestPrice',
    stateMutability: 'view',
    inputs: [
      { name: 'underlying', type: 'address' },
      { name: 'quote', type: 'address' },
    ],
    outputs: [
      { name: 'round', type: 'uint64' },
      { name: 'price', type: 'uint256' },
      { name: 'timestampMs', type: 'uint64' },
    ],
  },
  {
    type: 'event',
    name: 'Transfer',
    inputs: [
      { name: 'asset', type: 'address', indexed: true },
      { name: 'from', type: 'address', indexed: true },
      { name: 'to', type: 'address', indexed: true },
      { name: 'amount', type: 'uint256', indexed: false },
    ],
  },
  {
    type: 'event',
    name: 'OptionTransfer',
    inputs: [
      { name: 'series', type: 'bytes32', indexed: true },
      { name: 'from', type: 'address', indexed: true },
      { name: 'to', type: 'address', indexed: true },
      { name: 'backer', type: 'address', indexed: false },
      { name: 'quantity', type: 'uint256', indexed: false },
    ],
  },
  {
    type: 'event',
    name: 'PoolDeposit',
    inputs: [
      { name: 'pool', type: 'address', indexed: true },
      { name: 'asset', type: 'address', indexed: true },
      { name: 'account', type: 'address', indexed: true },
      { name: 'amount', type: 'uint256', indexed: false },
    ],
  },
  {
    type: 'event',
    name: 'PoolWithdraw',
    inputs: [
      { name: 'pool', type: 'address', indexed: true },
      { name: 'asset', type: 'address', indexed: true },
      { name: 'account', type: 'address', indexed: true },
      { name: 'amount', type: 'uint256', indexed: false },
    ],
  },
  { type: 'error', name: 'Error', inputs: [{ name: 'message', type: 'string' }] },
] as const;
