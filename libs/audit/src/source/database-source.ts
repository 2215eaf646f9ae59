import type { AuditReader, LoggedEntry, RawBlock } from '#libs/persistence';
import { LockstepError, type Genesis } from '#libs/protocol';
import type { AuditedBlock, AuditedEntry, AuditSource } from './audit-source.js';

/** Blocks that one query gives at most; fewer where they are full. */
const BLOCKS_PAGE = 512;
/** Entries of one query at most, but for a single block that has more. */
const ENTRIES_PAGE = 4_096;

/** A log as Postgres stores it. */
export class DatabaseSource implements AuditSource {
  constructor(private readonly reader: AuditReader) {}

  async genesis(): Promise<{ genesis: Genesis; storedLogId: Uint8Array }> {
    const found = await this.reader.genesis();
    if (found) return found;
    throw new LockstepError(
      { code: 'LOG_EMPTY' },
      'This database holds no log yet.',
      'Give the URL of the database that the sequencers write to.',
    );
  }

  async head(): Promise<number> {
    return (await this.reader.head())?.number ?? 0;
  }

  async *blocks(last: number): AsyncIterable<AuditedBlock> {
    let ahead = this.page(0, last);
    for (let page = await ahead; page.length > 0; page = await ahead) {
      // The next page is read while this one is looked at. A failure is thrown when its turn comes.
      ahead = this.page(page.at(-1)!.number, last);
      ahead.catch(() => {});
      yield* page;
    }
  }

  private async page(after: number, last: number): Promise<AuditedBlock[]> {
    const blocks = takeWhileRoom(await this.reader.blocks(after, last, BLOCKS_PAGE));
    const [first, final] = [blocks[0], blocks.at(-1)];
    if (!first || !final) return [];
    const end = final.header.firstSequence + BigInt(final.header.entryCount);
    const entries = await this.reader.entries(first.header.firstSequence, end);
    let next = 0;
    return blocks.map((block) => {
      const blockEnd = block.header.firstSequence + BigInt(block.header.entryCount);
      const own: LoggedEntry[] = [];
      while (next < entries.length && entries[next]!.sequence < blockEnd) own.push(entries[next++]!);
      return toAudited(block, own);
    });
  }
}

function takeWhileRoom(blocks: readonly RawBlock[]): readonly RawBlock[] {
  let entries = 0;
  const end = blocks.findIndex(({ header }, place) => (entries += header.entryCount) > ENTRIES_PAGE && place > 0);
  return end < 0 ? blocks : blocks.slice(0, end);
}

const toAudited = (block: RawBlock, entries: readonly LoggedEntry[]): AuditedBlock => {
  const { number, header, signature, lanes, hash, epoch, timestampMs, firstSequence, entryCount } = block;
  return {
    number,
    header,
    signature,
    lanes: lanes.map((lane) => ({ ...lane, proof: null })),
    entries: entries.map(toEntry),
    stored: { hash, epoch, timestampMs, firstSequence, entryCount },
    faults: [],
  };
};

const toEntry = ({ sequence, lane, laneSequence, sender, bytes, ...stored }: LoggedEntry): AuditedEntry => ({
  sequence,
  lane,
  laneSequence,
  sender,
  bytes,
  stored,
});
