import { assertInvariant, EntryKind, Header } from '#libs/protocol';
import { verifyAuditChain } from '../audit/verify-audit-chain.js';
import { type AuditRow, type BlockExtras, type DecisionRow, type DurableBlock, type OperationRow } from '../types.js';
import { packBytes, packInt2, packInt4, packInt8, packText } from './binary-arrays.js';

/**
 * Appends a block: ONE statement, so one round trip and one transaction without BEGIN and COMMIT, in which no paused
 * process can leave the head locked. It gives one row, whose `moved` is 0 if the head was not where the block expects
 * it; then nothing was inserted, because every INSERT reads from `moved`.
 *
 * Besides epoch and parent, the comparison covers the last sequence (I1) and log time (I7): whoever disagrees with
 * the log on these must not append.
 */
export const APPEND_SQL = `
  WITH moved AS (
    UPDATE lockstep.head SET number = $2::bigint, hash = $3::bytea, last_sequence = $6::bigint + $7::integer - 1, timestamp_ms = $5::bigint
    WHERE epoch = $1::bigint AND number = $2::bigint - 1 AND hash = $4::bytea
      AND last_sequence = $6::bigint - 1 AND timestamp_ms <= $5::bigint
    RETURNING number
  ), block AS (
    INSERT INTO lockstep.blocks (number, hash, epoch, timestamp_ms, first_sequence, entry_count, header, signature,
                                 lane_chain_ids, lane_first_sequences, lane_entry_counts, lane_roots)
    SELECT $2::bigint, $3::bytea, $1::bigint, $5::bigint, $6::bigint, $7::integer, $8::bytea, $9::bytea,
           $10::bigint[], $11::bigint[], $12::integer[], $13::bytea
    FROM moved
  ), entry AS (
    INSERT INTO lockstep.entries (sequence, block_number, lane, lane_sequence, kind, id, sender, nonce, bytes)
    SELECT $6::bigint + e.ordinal - 1, $2::bigint, e.lane, e.lane_sequence, e.kind, e.id, e.sender, e.nonce, e.bytes
    FROM moved, unnest($14::bigint[], $15::bigint[], $16::smallint[], $17::bytea[], $18::bytea[], $19::bigint[], $20::bytea[])
      WITH ORDINALITY AS e(lane, lane_sequence, kind, id, sender, nonce, bytes, ordinal)
  ), operation AS (
    INSERT INTO lockstep.operations (operation_id, kind, series, signer, nonce, intent_body, prepare_id,
                                     prepare_sequence, prepare_block, deadline_ms)
    SELECT o.*
    FROM moved, unnest($21::bytea[], $22::smallint[], $23::bytea[], $24::bytea[], $25::numeric[], $26::bytea[], $27::bytea[],
                       $28::bigint[], $29::bigint[], $30::bigint[]) AS o
  ), decision AS (
    INSERT INTO lockstep.decisions (operation_id, sequence, block_number, outcome, reason, timestamp_ms)
    SELECT d.*
    FROM moved, unnest($31::bytea[], $32::bigint[], $33::bigint[], $34::smallint[], $35::smallint[], $36::bigint[]) AS d
  ), audit AS (
    INSERT INTO lockstep.audit (id, at_ms, actor, command, detail, previous_hash, hash, block_number)
    SELECT a.*, $2::bigint
    FROM moved, unnest($37::bigint[], $38::bigint[], $39::text[], $40::text[], $41::text[], $42::bytea[], $43::bytea[]) AS a
  )
  SELECT count(*)::integer AS moved FROM moved`;

/**
 * The parameters of {@link APPEND_SQL}.
 *
 * @throws LockstepError `INVARIANT_BROKEN` for a block whose parts contradict one another (I1, I34); RangeError for a nonce
 *   or sequence of 2^63 or more
 */
export function appendParameters(block: DurableBlock, extras: BlockExtras): unknown[] {
  const { header, entries, lanes } = block;
  const laneCounts = countByLane(block);
  const audits = extras.audits ?? [];
  checkAudits(audits, header);
  return [
    header.epoch,
    header.number,
    block.hash,
    header.parentHash,
    header.timestamp,
    header.firstSequence,
    header.entryCount,
    Header.serialize(header),
    block.signature,
    packInt8(lanes.map((lane) => lane.chainId)),
    packInt8(lanes.map((lane) => lane.firstLaneSequence)),
    packInt4(laneCounts),
    Buffer.concat(lanes.map((lane) => lane.root)),
    packInt8(entries.map((entry) => entry.lane)),
    packInt8(entries.map((entry) => entry.laneSequence)),
    packInt2(entries.map((entry) => entry.kind)),
    packBytes(entries.map((entry) => entry.id)),
    packBytes(entries.map((entry) => entry.sender)),
    packInt8(entries.map((entry) => entry.nonce)),
    packBytes(entries.map((entry) => entry.bytes)),
    ...operationParameters(extras.operations),
    ...decisionParameters(extras.decisions),
    ...auditParameters(audits),
  ];
}

/** How many entries each lane has, in the order of `block.lanes`. Asserts that all sequences are contiguous. */
function countByLane({ header, lanes, entries }: DurableBlock): number[] {
  const where = `block ${header.number}`;
  const indexes = new Map(lanes.map((lane, index) => [lane.chainId, index]));
  assertInvariant(indexes.size === lanes.length, `I1: ${where} has two lanes of one chain id`);
  assertInvariant(
    entries.length === header.entryCount,
    `I1: ${where} lacks entries that its header counts, or has more`,
  );
  const counts = lanes.map(() => 0);
  const nextSequences = lanes.map((lane) => lane.firstLaneSequence);
  let sequence = header.firstSequence;
  for (const entry of entries) {
    const index = indexes.get(entry.lane);
    assertInvariant(index !== undefined, 'I1: an entry stands in a lane that its block lacks');
    assertInvariant(entry.sequence === sequence, 'I1: the sequences of a block must be contiguous');
    assertInvariant(
      entry.laneSequence === nextSequences[index],
      'I1: the lane sequences of a block must be contiguous',
    );
    const isTransaction = entry.kind === EntryKind.TRANSACTION;
    assertInvariant(isTransaction === (entry.nonce !== null), 'I5: a transaction and nothing else has a nonce');
    assertInvariant(isTransaction === (entry.sender !== null), 'I5: a transaction and nothing else has a sender');
    sequence += 1n;
    nextSequences[index] = entry.laneSequence + 1n;
    counts[index]!++;
  }
  return counts;
}

/** That the rows are a chain of their own; to the row before them Postgres ties them. */
function checkAudits(rows: readonly AuditRow[], header: Header): void {
  const [first] = rows;
  if (!first) return;
  const before = { id: first.id - 1n, atMs: first.atMs, hash: first.previousHash };
  const fault = verifyAuditChain(rows, before);
  assertInvariant(!fault, `I34: audit row ${fault?.id} does not follow the one before (${fault?.fault})`);
  assertInvariant(rows.at(-1)!.atMs <= header.timestamp, 'I7: an audit row is later than its block');
}

const operationParameters = (rows: readonly OperationRow[]): unknown[] => [
  packBytes(rows.map((row) => row.operationId)),
  packInt2(rows.map((row) => row.kind)),
  packBytes(rows.map((row) => row.series)),
  packBytes(rows.map((row) => row.signer)),
  `{${rows.map((row) => row.nonce).join(',')}}`,
  packBytes(rows.map((row) => row.intentBody)),
  packBytes(rows.map((row) => row.prepareId)),
  packInt8(rows.map((row) => row.prepareSequence)),
  packInt8(rows.map((row) => row.prepareBlock)),
  packInt8(rows.map((row) => row.deadlineMs)),
];

const decisionParameters = (rows: readonly DecisionRow[]): unknown[] => [
  packBytes(rows.map((row) => row.operationId)),
  packInt8(rows.map((row) => row.sequence)),
  packInt8(rows.map((row) => row.blockNumber)),
  packInt2(rows.map((row) => row.outcome)),
  packInt2(rows.map((row) => row.reason)),
  packInt8(rows.map((row) => row.timestampMs)),
];

const auditParameters = (rows: readonly AuditRow[]): unknown[] => [
  packInt8(rows.map((row) => row.id)),
  packInt8(rows.map((row) => row.atMs)),
  packText(rows.map((row) => row.actor)),
  packText(rows.map((row) => row.command)),
  packText(rows.map((row) => row.detail)),
  packBytes(rows.map((row) => row.previousHash)),
  packBytes(rows.map((row) => row.hash)),
];
