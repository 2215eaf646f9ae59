import { setTimeout as delay } from 'node:timers/promises';
import { LocalSigner } from '#libs/crypto';
import { bytesToHex, type Hex, hexToBytes, type Intent, intentDigest, OperationKind } from '#libs/protocol';
import { devnetKeys } from '../../network/devnet-keys.js';
import type { IntentFields } from '../../client/index.js';
import type { Random } from '../plan/random.js';
import { type Outcome, outcomeOfError, outcomeOfThrown } from './attempts.js';
import { anyUrl, type ClientWorld, type LoadClient, postJson } from './client-world.js';
import { DOLLAR, ETHER, type LoadSeries } from './series.js';

export interface OperationOptions {
  /** Devnet accounts of the two sides; the pool's operator is account 9. */
  writer: number;
  holder: number;
  /** Pause between operations, at most. */
  pauseMsMax: number;
}

type Kind = keyof IntentFields;

const OPERATOR = 9;
const RETRY_MS = 200;
const FOLLOW_MS_MAX = 60_000;
const METHODS = {
  ExerciseIntent: 'lockstep_submitExercise',
  WriteIntent: 'lockstep_submitWrite',
  CloseIntent: 'lockstep_submitClose',
} as const;
const SELECTORS = {
  ExerciseIntent: OperationKind.exercise,
  WriteIntent: OperationKind.write,
  CloseIntent: OperationKind.close,
} as const;

/**
 * Writes, exercises and closes options with random quantities and deadlines: some are refused, some expire, some have
 * too little behind them. What got no clear answer is sent again, the same intent (I10).
 */
export class OperationClient implements LoadClient {
  private readonly signers = new Map<number, LocalSigner>();
  private stopped = false;

  constructor(
    private readonly world: ClientWorld,
    private readonly options: OperationOptions,
    private readonly series: LoadSeries[],
    private readonly random: Random,
  ) {}

  async run(): Promise<void> {
    for (const series of this.series) await this.write(series, 40n * ETHER, 8_000).catch(() => undefined);
    while (!this.stopped) {
      await this.actOnce();
      await delay(this.random.between(0, this.options.pauseMsMax));
    }
  }

  stop(): void {
    this.stopped = true;
  }

  /** Trades another series as well. */
  addSeries(series: LoadSeries): void {
    this.series.push(series);
  }

  /** Exercises a quantity of a series. Returns the operation's id, whatever became of it. */
  exercise(series: LoadSeries, quantity: bigint, deadlineInMs: number): Promise<Hex> {
    const fields: IntentFields['ExerciseIntent'] = {
      ...this.common(series, deadlineInMs),
      holder: this.addressOf(this.options.holder),
      quantity,
      minPriceRound: 0n,
      maxPriceAgeMs: 60_000n,
    };
    return this.submit('ExerciseIntent', series, fields, [this.options.holder]);
  }

  /** Writes a quantity of a series to the holder. */
  write(series: LoadSeries, quantity: bigint, deadlineInMs: number): Promise<Hex> {
    const writer = series.backedByPool ? OPERATOR : this.options.writer;
    const fields: IntentFields['WriteIntent'] = {
      ...this.common(series, deadlineInMs),
      writer: this.addressOf(writer),
      buyer: this.addressOf(this.options.holder),
      quantity,
      premium: BigInt(this.random.between(0, 50)) * DOLLAR,
    };
    return this.submit('WriteIntent', series, fields, [writer, this.options.holder]);
  }

  private async actOnce(): Promise<void> {
    const { random } = this;
    const series = random.pick(this.series);
    // Mostly small; now and then more than anyone has.
    const quantity = random.chance(0.06) ? 100_000n * ETHER : (BigInt(random.between(1, 200)) * ETHER) / 100n;
    const deadlineInMs = random.chance(0.15) ? random.between(30, 600) : random.between(1_000, 8_000);
    const roll = random.next();
    if (roll < 0.25) await this.write(series, quantity, deadlineInMs);
    else if (roll < 0.85) await this.exercise(series, quantity, deadlineInMs);
    else await this.close(series, quantity, deadlineInMs);
  }

  private close(series: LoadSeries, quantity: bigint, deadlineInMs: number): Promise<Hex> {
    const { holder, writer } = this.options;
    const fields: IntentFields['CloseIntent'] = {
      ...this.common(series, deadlineInMs),
      holder: this.addressOf(holder),
      quantity,
      payment: BigInt(this.random.between(0, 300)) * DOLLAR,
    };
    return this.submit('CloseIntent', series, fields, [holder, series.backedByPool ? OPERATOR : writer]);
  }

  private common(
    series: LoadSeries,
    deadlineInMs: number,
  ): { series: Hex; backer: Hex; deadlineMs: bigint; nonce: bigint } {
    return {
      series: series.id,
      backer: series.backedByPool ? this.world.pool : this.addressOf(this.options.writer),
      deadlineMs: BigInt(this.world.logTimeMs() + deadlineInMs),
      nonce: this.world.freshNonce(),
    };
  }

  private async submit<K extends Kind>(
    kind: K,
    { terms }: LoadSeries,
    fields: IntentFields[K],
    accounts: number[],
  ): Promise<Hex> {
    const { logId, attempts } = this.world;
    const digest = intentDigest(logId, terms.positionChainId, toIntent(kind, fields));
    const id = bytesToHex(digest);
    const signatures = accounts.map((account) => bytesToHex(this.signer(account).sign(digest)));
    const end = performance.now() + FOLLOW_MS_MAX;
    for (;;) {
      const key = `${accounts[0]}:${fields.nonce}`;
      const note = attempts.begin({ kind: 'operation', id, chainId: terms.positionChainId, key });
      const outcome = await this.sendOnce(kind, fields, signatures, terms.positionChainId);
      note(outcome);
      // A long-expired intent is still sent until there is a clear answer: whether its PREPARE stands must be told.
      if (!outcome.again || performance.now() > end) return id;
      await delay(RETRY_MS);
    }
  }

  private async sendOnce<K extends Kind>(
    kind: K,
    fields: IntentFields[K],
    signatures: Hex[],
    chainId: number,
  ): Promise<Outcome> {
    const url = anyUrl(this.world, this.random, chainId);
    try {
      const intent = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
      const answer = (await postJson(url, {
        jsonrpc: '2.0',
        id: 1,
        method: METHODS[kind],
        params: [intent, signatures],
      })) as { result?: unknown; error?: { code: number; message: string } };
      if (answer.error) return outcomeOfError(answer.error.code, answer.error.message);
      // A node that starts answers 503 in JSON that is no JSON-RPC: nobody has taken the intent.
      if (answer.result === undefined) return outcomeOfThrown(`no answer to this call: ${JSON.stringify(answer)}`);
      return { outcome: 'acknowledged', again: false };
    } catch (thrown) {
      return outcomeOfThrown(thrown);
    }
  }

  private signer(account: number): LocalSigner {
    let signer = this.signers.get(account);
    if (!signer) this.signers.set(account, (signer = new LocalSigner(devnetKeys.account(account))));
    return signer;
  }

  private addressOf(account: number): Hex {
    return bytesToHex(this.signer(account).address);
  }
}

/** An intent of JSON's hex as the protocol's types have it. */
function toIntent<K extends Kind>(kind: K, fields: IntentFields[K]): Intent {
  const value = Object.fromEntries(
    Object.entries(fields).map(([name, given]: [string, unknown]) => [
      name,
      typeof given === 'string' ? hexToBytes(given) : given,
    ]),
  );
  return { selector: SELECTORS[kind], value } as unknown as Intent;
}
