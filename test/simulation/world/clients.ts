import { signPrice } from '#libs/executor-sdk';
import { requiredSigners } from '#libs/options';
import {
  bytesToHex,
  commitmentDigest,
  encodeEntry,
  EntryKind,
  entryId,
  type Intent,
  intentDigest,
  OperationKind,
  RegistryAction,
  RegistryChange,
  SignedRegistryChange,
  sszRoot,
} from '#libs/protocol';
import { AbortCandidate } from '../../../apps/sequencer/src/engine/abort-candidate.js';
import { SubmissionError } from '../../../apps/sequencer/src/engine/submission-error.js';
import { mustHold } from '../checks/violation.js';
import type { Step } from '../plan/plan.js';
import { DatabaseDownError } from './log-connection.js';
import type { SequencerProcess } from './sequencer-node.js';
import { ETH, ONE_ETH, ONE_USD, POOL, START_MS, USD } from './topology.js';
import { rawTransaction } from './transactions.js';
import type { World } from './world.js';

/** How long a client waits for an answer, and between two attempts, ms. */
const ANSWER_MS = 350;
const PAUSE_MS = 45;
/** Refusals after which the same submission may be accepted later. */
const PASSING = new Set([
  'NOT_LEADING',
  'CANNOT_WRITE',
  'BUSY',
  'NONCE_GAP',
  'NONCE_TOO_LOW',
  'rollup_paused',
  'INTERNAL',
]);

/** What an attempt gave. */
type Answer = { ok: true } | { ok: false; code: string };

/** One submission, sent until it is answered for good. */
export interface Submission {
  name: string;
  /** Whether its outcome is known. */
  answer: Answer | null;
  /** Where its entry stands, or undefined while it stands nowhere. */
  place(): bigint | undefined;
  /** Whether it must get in, however long that takes. */
  mustLand: boolean;
  onAnswer?(): void;
}

/** Everybody who submits: each keeps on until the answer is final, and checks what was acknowledged. */
export class Clients {
  readonly submissions: Submission[] = [];
  readonly refusals = new Map<string, number>();
  private readonly writes: { intent: Extract<Intent, { selector: OperationKind.write }> }[] = [];
  private readonly operationIds: Uint8Array[] = [];
  private readonly nonces = new Map<string, number>();
  private readonly pausedAsWanted = new Map<number, boolean>();
  private round = 0n;
  private operationNonce = 0n;
  /** The highest sequence acknowledged so far. */
  private acknowledged = 0n;

  constructor(private readonly world: World) {}

  get areDone(): boolean {
    for (const wanted of this.pausedAsWanted.values()) if (wanted) return false;
    return this.submissions.every(({ answer }) => answer !== null);
  }

  take(step: Step): void {
    switch (step.kind) {
      case 'transfer':
        return this.transfer(step.chain, step.from, step.to, step.amount);
      case 'price':
        return this.price(step.dollars);
      case 'write':
        return this.write(step);
      case 'exercise':
      case 'close':
        return this.useOption(step);
      case 'abort':
        return this.abort(step.of);
      case 'pause':
        return this.pause(step.chain, step.ms);
    }
  }

  private transfer(chain: number, from: number, to: number, amount: number): void {
    const { topology, crypto } = this.world;
    const chainId = topology.chainIds[chain % topology.chainIds.length]!;
    const sender = topology.keys.owners[from]!;
    const key = `${chainId} ${from}`;
    const nonce = this.nonces.get(key) ?? 0;
    this.nonces.set(key, nonce + 1);
    const receiver = topology.keys.owners[to]!.address;
    const raw = rawTransaction(crypto, { chainId, sender, nonce, to: receiver, value: BigInt(amount) * ONE_ETH });
    const id = entryId(encodeEntry(EntryKind.TRANSACTION, raw));
    const hash = bytesToHex(id);
    const { transactions } = this.world.checks.log;
    this.submit(
      { name: `transfer ${key} ${nonce}`, answer: null, place: () => transactions.get(hash), mustLand: true },
      (process) =>
        process.transactions.submit(chainId, [raw]).then(([result]) => {
          if (result && 'error' in result) throw result.error;
        }),
    );
  }

  private price(dollars: number): void {
    const { topology, logId } = this.world;
    this.round += 1n;
    const price = { underlying: ETH, quote: USD, round: this.round, price: BigInt(dollars) * ONE_USD, observedAtMs: 0 };
    const bytes = signPrice(logId, price, topology.keys.price);
    const submission = { name: `price ${this.round}`, answer: null, place: () => undefined, mustLand: false };
    this.submit(submission, (process) => process.entries.submitPrice(bytes));
  }

  private write({ series, writer, buyer, pool, tenths, premium }: Extract<Step, { kind: 'write' }>): void {
    const { topology } = this.world;
    const { owners, operator } = topology.keys;
    const signer = pool ? operator : owners[writer]!;
    const intent = {
      selector: OperationKind.write as const,
      value: {
        series: this.seriesId(series),
        writer: signer.address,
        backer: pool ? POOL : signer.address,
        buyer: owners[buyer]!.address,
        quantity: (BigInt(tenths) * ONE_ETH) / 10n,
        premium: BigInt(premium) * ONE_USD,
        deadlineMs: this.deadline(5_000),
        nonce: ++this.operationNonce,
      },
    };
    this.writes.push({ intent });
    this.operation(intent);
  }

  private useOption(step: Extract<Step, { kind: 'exercise' | 'close' }>): void {
    const write = this.writes[step.of]?.intent.value;
    if (!write) return;
    const { series, buyer: holder, backer } = write;
    const quantity = (write.quantity * BigInt(step.quarters)) / 4n;
    const nonce = ++this.operationNonce;
    if (step.kind === 'exercise') {
      const [minPriceRound, maxPriceAgeMs] = [0n, 5_000n];
      const deadlineMs = this.deadline(step.patienceMs);
      this.operation({
        selector: OperationKind.exercise,
        value: { series, holder, backer, quantity, minPriceRound, maxPriceAgeMs, deadlineMs, nonce },
      });
    } else {
      const payment = BigInt(step.payment) * ONE_USD;
      const deadlineMs = this.deadline(5_000);
      this.operation({
        selector: OperationKind.close,
        value: { series, holder, backer, quantity, payment, deadlineMs, nonce },
      });
    }
  }

  private operation(intent: Intent): void {
    const { topology, logId, checks } = this.world;
    const terms = topology.series[topology.seriesAt(intent.value.series)]!;
    const id = intentDigest(logId, terms.positionChainId, intent);
    const signatures = requiredSigners(intent, topology.genesis.registry).map((address) =>
      topology.keys.byAddress.get(bytesToHex(address))!.sign(id),
    );
    this.operationIds.push(id);
    const key = bytesToHex(id);
    const name = `${OperationKind[intent.selector]} ${intent.value.nonce}`;
    const place = (): bigint | undefined => checks.log.operations.get(key)?.prepareSequence;
    this.submit({ name, answer: null, place, mustLand: false }, (process) =>
      process.operations.submit(intent, signatures),
    );
  }

  /** Once, by whoever leads: an operator who gets no answer looks again. */
  private abort(of: number): void {
    const operationId = this.operationIds[of];
    const { world } = this;
    const node = world.likelyLeader();
    if (!operationId) return;
    const deliver = (): void => {
      const { process } = node;
      if (!process?.term) return;
      const { coordinator } = process.term.state;
      const settle = { resolve: () => world.happened('operator_abort', of), reject: () => undefined };
      process.queue.push(new AbortCandidate(operationId, { actor: 'operator', detail: {} }, coordinator, settle));
    };
    world.network.send('client', 0, () => node.process?.owner ?? null, deliver);
  }

  private pause(chain: number, ms: number): void {
    const { topology, scheduler } = this.world;
    const chainId = topology.chainIds[chain % topology.chainIds.length]!;
    const resume = (): void => this.setPaused(chainId, false);
    // Not before the answer: until then the pause may still be on its way into the log.
    this.setPaused(chainId, true, () => scheduler.after(ms, null, resume));
  }

  private setPaused(chainId: number, wanted: boolean, onAnswer = (): void => undefined): void {
    const { world } = this;
    this.pausedAsWanted.set(chainId, wanted);
    const submission = {
      name: `pause ${chainId} ${wanted}`,
      answer: null,
      place: () => undefined,
      mustLand: true,
      onAnswer,
    };
    this.submit(submission, (process) => {
      const registry = process.leading().state.registry;
      // A late attempt to pause must not undo a later one to resume. Whether it is paused already, this process may not
      // know: another may lead by now.
      const value = this.pausedAsWanted.get(chainId)!;
      const change = {
        nonce: registry.changeCount,
        action: { selector: RegistryAction.SET_ROLLUP_PAUSED, value: { chainId, value } },
      } as RegistryChange;
      const signature = world.topology.keys.registry.sign(
        commitmentDigest(world.logId, 'registry', sszRoot(RegistryChange, change)),
      );
      return process.entries.submitRegistryChange(SignedRegistryChange.serialize({ change, signature }));
    });
  }

  /** Sends a submission until there is a final answer, each time to whoever may lead. */
  private submit(submission: Submission, send: (process: SequencerProcess) => Promise<unknown>): void {
    this.submissions.push(submission);
    const before = this.acknowledged;
    this.attempt(submission, send, before);
  }

  private attempt(submission: Submission, send: (process: SequencerProcess) => Promise<unknown>, before: bigint): void {
    if (submission.answer) return;
    const { world } = this;
    const { network, scheduler } = world;
    const node = world.likelyLeader();
    let isOver = false;
    const again = (afterMs: number): void => {
      if (isOver) return;
      isOver = true;
      scheduler.after(afterMs, null, () => this.attempt(submission, send, before));
    };
    const timeout = scheduler.after(ANSWER_MS, null, () => again(1));
    const answered = (answer: Answer): void =>
      network.send(
        'client',
        0,
        () => world.outside,
        () => {
          if (submission.answer || isOver) return;
          timeout.cancel();
          if (!answer.ok && (PASSING.has(answer.code) || (submission.mustLand && answer.code !== 'ALREADY_KNOWN')))
            return again(PAUSE_MS);
          isOver = true;
          this.settle(submission, answer, before);
        },
      );
    network.send(
      'client',
      0,
      () => node.process?.owner ?? null,
      () => {
        const { process } = node;
        if (!process) return;
        // A refusal may be thrown at once or come with the promise.
        const sent = new Promise((resolve) => resolve(send(process)));
        sent.then(
          () => answered({ ok: true }),
          (error: unknown) => {
            if (error instanceof SubmissionError) answered({ ok: false, code: error.code });
            else if (error instanceof DatabaseDownError) answered({ ok: false, code: 'INTERNAL' });
            else world.fail(error);
          },
        );
      },
    );
  }

  private settle(submission: Submission, answer: Answer, before: bigint): void {
    submission.answer = answer;
    const { name } = submission;
    if (!answer.ok) this.refusals.set(answer.code, (this.refusals.get(answer.code) ?? 0) + 1);
    submission.onAnswer?.();
    this.world.happened('answered', answer.ok ? 1 : answer.code.length);
    if (!answer.ok || name.startsWith('price') || name.startsWith('pause')) return;
    const place = submission.place();
    mustHold(place !== undefined, 'I8', () => `${name} is acknowledged and not in the log`);
    mustHold(place > before, 'I4', () => `${name} stands at ${place}, before ${before}, which was acknowledged first`);
    if (place > this.acknowledged) this.acknowledged = place;
  }

  private seriesId(series: number): Uint8Array {
    const { topology } = this.world;
    return topology.ids[series % topology.ids.length]!;
  }

  private deadline(patienceMs: number): bigint {
    return BigInt(START_MS + this.world.scheduler.nowMs + patienceMs);
  }
}
