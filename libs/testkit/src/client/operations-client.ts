import type { LocalAccount, TypedDataDefinition } from 'viem';

import { bytesToHex, EIP712_TYPES, type Hex } from '#libs/protocol';
import { callRpc } from './json-rpc.js';

/** An operation as `lockstep_getOperation` answers it; the fields that tests and the scenario look at. */
export interface OperationJson {
  id: Hex;
  kind: string;
  status: 'prepared' | 'committed' | 'aborted';
  reason: string | null;
  legs: Record<string, string | number>[];
  participants: number[];
  priceRound: string;
  payout: string;
  deadlineMs: number;
  prepare: { block: number; sequence: string; timestamp: number };
  decision: { block: number; sequence: string; timestamp: number; outcome: string; reason: string | null } | null;
  votes: Record<string, unknown>[];
}

/** What each intent says, by its EIP-712 names. */
export interface IntentFields {
  ExerciseIntent: {
    series: Hex;
    holder: Hex;
    backer: Hex;
    quantity: bigint;
    minPriceRound: bigint;
    maxPriceAgeMs: bigint;
    deadlineMs: bigint;
    nonce: bigint;
  };
  WriteIntent: {
    series: Hex;
    writer: Hex;
    backer: Hex;
    buyer: Hex;
    quantity: bigint;
    premium: bigint;
    deadlineMs: bigint;
    nonce: bigint;
  };
  CloseIntent: {
    series: Hex;
    holder: Hex;
    backer: Hex;
    quantity: bigint;
    payment: bigint;
    deadlineMs: bigint;
    nonce: bigint;
  };
}

/** An account of viem that can sign typed data. */
export type SigningAccount = Pick<LocalAccount, 'address' | 'signTypedData'>;

const METHODS = {
  ExerciseIntent: 'lockstep_submitExercise',
  WriteIntent: 'lockstep_submitWrite',
  CloseIntent: 'lockstep_submitClose',
} as const;

/**
 * Signs an intent as any wallet does, by EIP-712 typed data.
 * @param chainId the rollup of the series' long positions
 * @returns 65 bytes as hex
 */
export async function signIntent<K extends keyof IntentFields>(
  account: SigningAccount,
  logId: Uint8Array,
  chainId: number,
  kind: K,
  intent: IntentFields[K],
): Promise<Hex> {
  const typedData = {
    domain: { name: 'Lockstep', version: '1', chainId, salt: bytesToHex(logId) },
    types: { [kind]: EIP712_TYPES[kind] },
    primaryType: kind,
    message: intent,
  };
  return account.signTypedData(typedData as unknown as TypedDataDefinition);
}

/** Signs and submits intents over JSON-RPC. */
export class OperationsClient {
  /** @param url a rollup's JSON-RPC endpoint; any will do */
  constructor(
    private readonly url: string,
    private readonly logId: Uint8Array,
  ) {}

  /** Signs an intent by all its signers and submits it. @throws JsonRpcError when it is refused */
  async submit<K extends keyof IntentFields>(
    kind: K,
    positionChainId: number,
    intent: IntentFields[K],
    signers: readonly SigningAccount[],
  ): Promise<{ id: Hex; status: string }> {
    const signatures = await Promise.all(
      signers.map((signer) => signIntent(signer, this.logId, positionChainId, kind, intent)),
    );
    return this.send(kind, intent, signatures);
  }

  /** Submits an intent with signatures that are there already. @throws JsonRpcError when it is refused */
  send<K extends keyof IntentFields>(
    kind: K,
    intent: IntentFields[K],
    signatures: readonly Hex[],
  ): Promise<{ id: Hex; status: string }> {
    const json = Object.fromEntries(Object.entries(intent).map(([name, value]) => [name, String(value)]));
    return callRpc(this.url, METHODS[kind], [json, signatures]);
  }

  /** The operation, or null. */
  get(id: Hex): Promise<OperationJson | null> {
    return callRpc(this.url, 'lockstep_getOperation', [id]);
  }
}
