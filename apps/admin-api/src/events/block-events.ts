import type { BlockRow, LoggedAudit, LoggedEntry } from '#libs/persistence';
import {
  bytesToHex,
  Decision,
  entryBody,
  EntryKind,
  OperationKind,
  Outcome,
  Prepare,
  Reason,
  RegistryAction,
  RegistryChange,
  SignedPrice,
  SignedRegistryChange,
  SignedRestore,
} from '#libs/protocol';
import { shortHash } from './event-id.js';
import type { Event } from './event.schema.js';

/** All events of one block, in the order of their indexes. */
export interface BlockEvents {
  number: number;
  /** As ids carry it. */
  hash: string;
  /** Sparse: an index belongs to its place in the block, whether or not something is told there. */
  events: { index: number; event: Event }[];
}

/**
 * What a block means for those who watch: a pure function of the log.
 *
 *     index 0: a new leader · 1: the block · 2 …: the entries of the shared lane · then: the rows of the audit log
 *
 * @param shared entries of the shared lane, in order
 * @param previousEpoch of the block before; null for block 1
 */
export function blockEvents(
  { number, header, hash, lanes }: BlockRow,
  previousEpoch: number | null,
  shared: readonly LoggedEntry[],
  audits: readonly LoggedAudit[],
): BlockEvents {
  const at = (index: number) => ({ block: number, index, timestampMs: header.timestamp });
  const events: BlockEvents['events'] = [];
  const add = (index: number, event: Event | null): void => void (event && events.push({ index, event }));
  if (header.epoch !== previousEpoch) {
    add(0, { kind: 'leader', ...at(0), epoch: header.epoch, key: bytesToHex(header.leader) });
  }
  add(1, {
    kind: 'block',
    ...at(1),
    hash: bytesToHex(hash),
    epoch: header.epoch,
    firstSequence: String(header.firstSequence),
    entryCount: header.entryCount,
    lanes: lanes.map(({ chainId, entryCount }) => ({ chainId, entryCount })),
  });
  shared.forEach((entry, place) => add(2 + place, entryEvent(entry, at(2 + place))));
  audits.forEach(({ id, actor, command, detail }, place) => {
    const index = 2 + shared.length + place;
    add(index, {
      kind: 'audit',
      ...at(index),
      auditId: String(id),
      actor,
      command,
      detail: JSON.parse(detail) as unknown,
    });
  });
  return { number, hash: shortHash(hash), events };
}

type Place = { block: number; index: number; timestampMs: number };

function entryEvent({ kind, bytes, id, sequence }: LoggedEntry, place: Place): Event | null {
  const entry = { ...place, sequence: String(sequence), entryId: bytesToHex(id) };
  const body = entryBody(bytes);
  switch (kind) {
    case EntryKind.PREPARE: {
      const { operationId, intent, participants, deadlineMs } = Prepare.deserialize(body) as Prepare;
      const operation = OperationKind[intent.selector] as keyof typeof OperationKind;
      const series = bytesToHex(intent.value.series);
      return {
        kind: 'operation.prepared',
        ...entry,
        id: bytesToHex(operationId),
        operation,
        series,
        participants,
        deadlineMs,
      };
    }
    case EntryKind.DECISION: {
      const { operationId, outcome, reason, votes } = Decision.deserialize(body);
      return {
        kind: 'operation.decided',
        ...entry,
        id: bytesToHex(operationId),
        outcome: Outcome[outcome] as keyof typeof Outcome,
        reason: reasonName(reason),
        votes: votes.map(({ vote }) => ({ chainId: vote.chainId, yes: vote.yes, reason: reasonName(vote.reason) })),
      };
    }
    case EntryKind.PRICE: {
      const { underlying, quote, round, price } = SignedPrice.deserialize(body).price;
      const market = { underlying: bytesToHex(underlying), quote: bytesToHex(quote) };
      return { kind: 'price', ...entry, ...market, round: String(round), price: String(price) };
    }
    case EntryKind.REGISTRY_CHANGE:
      return registryEvent(SignedRegistryChange.deserialize(body).change, entry);
    case EntryKind.RESTORE: {
      const { lastBlock, epochAbove } = SignedRestore.deserialize(body).restore;
      return { kind: 'restore', ...entry, lastBlock, epochAbove };
    }
    case EntryKind.TRANSACTION:
    case EntryKind.STATE_ROOT:
      return null; // not of the shared lane
  }
}

function registryEvent(change: RegistryChange, entry: Place & { sequence: string; entryId: string }): Event {
  const value = change.action.value as { chainId?: unknown; value?: unknown };
  return {
    kind: 'registry',
    ...entry,
    action: RegistryAction[change.action.selector]?.toLowerCase() ?? 'change',
    // A key that belongs to no rollup is changed with chain id 0.
    chainId: typeof value.chainId === 'number' && value.chainId !== 0 ? value.chainId : null,
    value: typeof value.value === 'boolean' ? value.value : null,
    change: bytesToHex(RegistryChange.serialize(change)),
  };
}

const reasonName = (reason: number): string | null =>
  (reason as Reason) === Reason.none ? null : (Reason[reason] ?? null);
