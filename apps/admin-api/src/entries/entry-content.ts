import {
  Decision,
  decodeTransactionBody,
  entryBody,
  EntryKind,
  LegAccount,
  LegDirection,
  OperationKind,
  Outcome,
  Prepare,
  Reason,
  RegistryAction,
  SignedPrice,
  SignedRegistryChange,
  SignedRestore,
  SignedStateRoot,
} from '#libs/protocol';
import { toJson } from '../schema/to-json.js';

/** What an entry says, field by field, enumerations by their names. @param bytes kind byte ‖ body */
export function entryContent(kind: EntryKind, bytes: Uint8Array): Record<string, unknown> {
  return toJson(decode(kind, entryBody(bytes))) as Record<string, unknown>;
}

function decode(kind: EntryKind, body: Uint8Array): object {
  switch (kind) {
    case EntryKind.TRANSACTION: {
      const { type, chainId, nonce, to, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } =
        decodeTransactionBody(body);
      return { type, chainId, nonce, to, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas };
    }
    case EntryKind.PRICE:
      return SignedPrice.deserialize(body);
    case EntryKind.RESTORE:
      return SignedRestore.deserialize(body);
    case EntryKind.STATE_ROOT:
      return SignedStateRoot.deserialize(body);
    case EntryKind.PREPARE: {
      const { intent, legs, ...prepare } = Prepare.deserialize(body) as Prepare;
      return {
        ...prepare,
        kind: OperationKind[intent.selector],
        intent: intent.value,
        legs: legs.map((leg) => ({
          ...leg,
          direction: LegDirection[leg.direction],
          account: LegAccount[leg.account],
        })),
      };
    }
    case EntryKind.DECISION: {
      const { outcome, reason, votes, ...decision } = Decision.deserialize(body);
      return {
        ...decision,
        outcome: Outcome[outcome],
        reason: Reason[reason],
        votes: votes.map(({ vote, signature }) => ({ ...vote, reason: Reason[vote.reason], signature })),
      };
    }
    case EntryKind.REGISTRY_CHANGE: {
      const { change, signature } = SignedRegistryChange.deserialize(body);
      const { selector, value } = change.action;
      return { nonce: change.nonce, action: RegistryAction[selector], value, signature };
    }
  }
}
