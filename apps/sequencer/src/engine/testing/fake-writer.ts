import {
  type AppendResult,
  type BlockExtras,
  type DurableBlock,
  LogWriteError,
  type LogWriter,
} from '#libs/persistence';

/** What the next call of the writer does; `hang` waits for {@link FakeWriter.release}. */
export type Script =
  'written' | 'own' | 'conflict' | 'absent' | 'hang' | 'WRITE_FAILED' | 'OUTCOME_UNKNOWN' | 'UNIQUE_VIOLATION' | Error;

/** A log writer that does as the test says, and writes where it says nothing. */
export class FakeWriter {
  /** What the next calls do, one after the other; of `append` and `outcomeOf` in one row. */
  readonly script: Script[] = [];
  /** What each call does once {@link script} is used up. */
  otherwise: Script = 'written';
  readonly calls: { call: 'append' | 'outcomeOf'; block: DurableBlock; extras?: BlockExtras }[] = [];
  private waiting: ((script: Script) => void) | null = null;

  /** This, where the block loop takes a writer. */
  get port(): LogWriter {
    return this as unknown as LogWriter;
  }

  get appends(): DurableBlock[] {
    return this.calls.filter(({ call }) => call === 'append').map(({ block }) => block);
  }

  async append(block: DurableBlock, extras: BlockExtras): Promise<AppendResult> {
    this.calls.push({ call: 'append', block, extras });
    const head = { epoch: 2, number: block.header.number, hash: block.hash, lastSequence: 0n, timestampMs: 0 };
    const script = await this.next(block);
    if (script === 'own' || script === 'conflict') return { status: script, head };
    return { status: 'written' };
  }

  async outcomeOf(block: DurableBlock): Promise<'written' | 'absent'> {
    this.calls.push({ call: 'outcomeOf', block });
    return (await this.next(block)) === 'absent' ? 'absent' : 'written';
  }

  /** Ends the call that hangs. */
  release(script: Script): void {
    this.waiting?.(script);
  }

  private async next({ header: { number } }: DurableBlock): Promise<Script> {
    let script = this.script.shift() ?? this.otherwise;
    if (script === 'hang') script = await new Promise<Script>((resolve) => (this.waiting = resolve));
    if (script instanceof Error) throw script;
    if (script === 'UNIQUE_VIOLATION') {
      throw new LogWriteError({ code: script, number, constraint: 'entries_pkey' }, 'a key is taken');
    }
    if (script === 'WRITE_FAILED' || script === 'OUTCOME_UNKNOWN')
      throw new LogWriteError({ code: script, number }, script);
    return script;
  }
}
