import { type DataSource } from 'typeorm';
import {
  applyRegistryChange,
  type Certificate,
  entryBody,
  EntryKind,
  entryLeaf,
  equalBytes,
  EXPORTED_REGISTRIES_MAX,
  findSeries,
  type Genesis,
  logId,
  NO_SENDER,
  Prepare,
  proveLanes,
  proveLeaf,
  provePrepareMsMax,
  type ProvedEntry,
  type Registry,
  type RegistryExport,
  Registry as RegistryType,
  SignedPrice,
  SignedRegistryChange,
} from '#libs/protocol';
import { toNumber } from '../entities/transformers.js';
import { type LoggedEntry } from '../types.js';
import { LogReader } from './log-reader.js';
import { ENTRY_COLUMNS, entryFromRow, type EntryRow } from './rows.js';

/** Prices that are looked through, from PREPARE backwards, for the round that it names. */
const PRICES_MAX = 65_536;
const PRICES_PAGE = 256;
/** Serialised registries of an export without given blocks, in bytes. */
const EXPORT_BYTES_MAX = 1024 * 1024;

interface ChangeRow {
  block_number: string;
  timestamp_ms: string;
  bytes: Buffer;
}

/** Makes the evidence that people keep, from the log: nothing of it depends on who leads. */
export class EvidenceReader {
  private readonly log: LogReader;
  private prepareMsMaxProof: Uint8Array[] | null = null;

  constructor(
    private readonly dataSource: DataSource,
    private readonly genesis: Genesis,
  ) {
    this.log = new LogReader(dataSource);
  }

  /** The certificate of a decided operation; null where there is none, or it is undecided. */
  async certificate(operationId: Uint8Array): Promise<Certificate | null> {
    const [operation, decision] = [await this.log.operation(operationId), await this.log.decision(operationId)];
    if (!operation || !decision) return null;
    const prepareEntry = await this.log.entryById(operation.prepareId);
    const [decisionEntry] = await this.log.entriesFrom(decision.sequence, 1);
    if (!prepareEntry || !decisionEntry) return null;
    const price = await this.priceOf(prepareEntry);
    return {
      prepare: await this.prove(prepareEntry),
      decision: await this.prove(decisionEntry),
      price: price ? [await this.prove(price)] : [],
    };
  }

  /** A transaction's place under its signed header; null where the log does not have it. */
  async preconfirmation(transactionHash: Uint8Array): Promise<ProvedEntry | null> {
    const entry = await this.log.entryById(transactionHash);
    return entry?.kind === EntryKind.TRANSACTION ? this.prove(entry) : null;
  }

  /**
   * The registries in force in these blocks, each once.
   * @param blocks none: the newest ones, as many as {@link EXPORTED_REGISTRIES_MAX} and 1 MiB allow, the one in force in
   *   the next block first
   */
  async registries(blocks: readonly number[] = []): Promise<RegistryExport> {
    const { genesis } = this;
    const registries = blocks.length === 0 ? await this.newestRegistries() : await this.registriesAt(blocks);
    this.prepareMsMaxProof ??= provePrepareMsMax(genesis);
    const { prepareMsMax } = genesis;
    return { logId: logId(genesis), prepareMsMax, prepareMsMaxProof: this.prepareMsMaxProof, registries };
  }

  /** One entry with the proof that its block's header commits to it. */
  private async prove(entry: LoggedEntry): Promise<ProvedEntry> {
    const block = await this.log.block(entry.blockNumber);
    const laneIndex = block?.lanes.findIndex(({ chainId }) => chainId === entry.lane) ?? -1;
    const lane = block?.lanes[laneIndex];
    if (!block || !lane) throw new Error(`entry ${entry.sequence} stands in no lane of block ${entry.blockNumber}`);
    const { chainId, firstLaneSequence } = lane;
    const entries = await this.log.entriesOfBlock(entry.blockNumber, entry.lane);
    const leaves = entries.map(({ sequence, id, sender }) => entryLeaf(sequence, id, sender ?? NO_SENDER));
    const position = Number(entry.laneSequence - firstLaneSequence);
    const roots = block.lanes.map(({ root }) => root);
    return {
      signedHeader: { header: block.header, signature: block.signature },
      entry: { sequence: entry.sequence, sender: entry.sender ?? NO_SENDER, bytes: entry.bytes },
      chainId,
      laneIndex,
      firstLaneSequence,
      position,
      leafProof: proveLeaf({ chainId, firstLaneSequence, leaves }, position),
      laneProof: proveLanes(roots, [laneIndex])[0]!,
    };
  }

  /** The price entry that a PREPARE names by its round; undefined where it names none. */
  private async priceOf(prepareEntry: LoggedEntry): Promise<LoggedEntry | undefined> {
    const prepare = Prepare.deserialize(entryBody(prepareEntry.bytes)) as Prepare;
    if (prepare.priceRound === 0n) return undefined;
    const [registry] = await this.registriesAt([prepareEntry.blockNumber]);
    const terms = registry && findSeries(registry, prepare.intent.value.series)?.terms;
    if (!terms) return undefined;
    let before = prepareEntry.sequence;
    for (let looked = 0; looked < PRICES_MAX; looked += PRICES_PAGE) {
      const page = await this.pricesBefore(before);
      const found = page.find(({ bytes }) => {
        const { price } = SignedPrice.deserialize(entryBody(bytes));
        if (price.round !== prepare.priceRound) return false;
        return equalBytes(price.underlying, terms.underlying) && equalBytes(price.quote, terms.quote);
      });
      if (found || page.length < PRICES_PAGE) return found;
      before = page.at(-1)!.sequence;
    }
    return undefined;
  }

  private async pricesBefore(sequence: bigint): Promise<LoggedEntry[]> {
    const rows = await this.dataSource.query<EntryRow[]>(
      `SELECT ${ENTRY_COLUMNS} FROM lockstep.entries WHERE kind = ${EntryKind.PRICE} AND sequence < $1::bigint
       ORDER BY sequence DESC LIMIT ${PRICES_PAGE}`,
      [sequence],
    );
    return rows.map(entryFromRow);
  }

  private async registriesAt(blocks: readonly number[]): Promise<Registry[]> {
    const wanted = [...new Set(blocks)].sort((a, b) => a - b);
    const found = new Set<Registry>();
    let next = 0;
    await this.replayRegistry(wanted.at(-1)!, (registry, from) => {
      // In force in every wanted block before `from`: this registry's successor begins there.
      for (; next < wanted.length && wanted[next]! < from; next++) found.add(registry);
    });
    return [...found];
  }

  private async newestRegistries(): Promise<Registry[]> {
    const newest: Registry[] = [];
    await this.replayRegistry(Number.MAX_SAFE_INTEGER, (registry) => {
      newest.unshift(registry);
      if (newest.length > EXPORTED_REGISTRIES_MAX) newest.pop();
    });
    let bytes = 0;
    const fitting = newest.findIndex((registry, place) => {
      bytes += RegistryType.serialize(registry).length;
      return place > 0 && bytes > EXPORT_BYTES_MAX;
    });
    return fitting < 0 ? newest : newest.slice(0, fitting);
  }

  /**
   * Tells each registry of the log up to the one in force in block `last`, oldest first, and the first block in which it
   * is in force no more.
   */
  private async replayRegistry(last: number, tell: (registry: Registry, end: number) => void): Promise<void> {
    const rows = await this.dataSource.query<ChangeRow[]>(
      `SELECT e.block_number, b.timestamp_ms, e.bytes FROM lockstep.entries AS e
       JOIN lockstep.blocks AS b ON b.number = e.block_number
       WHERE e.kind = ${EntryKind.REGISTRY_CHANGE} AND e.block_number < $1::bigint ORDER BY e.sequence`,
      [last],
    );
    let registry = this.genesis.registry;
    for (const [place, { block_number, timestamp_ms, bytes }] of rows.entries()) {
      const number = toNumber(block_number);
      if (place === 0 || toNumber(rows[place - 1]!.block_number) < number) tell(registry, number + 1);
      const { change } = SignedRegistryChange.deserialize(entryBody(bytes));
      registry = applyRegistryChange(registry, change, toNumber(timestamp_ms));
    }
    tell(registry, Infinity);
  }
}
