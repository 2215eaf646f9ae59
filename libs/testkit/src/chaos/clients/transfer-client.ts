import { setTimeout as delay } from 'node:timers/promises';
import { keccak256 } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { submitTransactions } from '#libs/executor-sdk';
import { bytesToHex, type Hex, hexToBytes } from '#libs/protocol';
import { devnetKeys } from '../../network/devnet-keys.js';
import type { Random } from '../plan/random.js';
import { type Outcome, outcomeOfError, outcomeOfThrown } from './attempts.js';
import { anyUrl, type ClientWorld, type LoadClient, postJson } from './client-world.js';

export interface TransferOptions {
  /** Of the devnet's ten; one client alone uses an account on a rollup. */
  account: number;
  chainId: number;
  over: 'http' | 'nats';
  /** Transfers in one request, at most. */
  batchMax: number;
  /** Pause between requests, at most. */
  pauseMsMax: number;
}

interface Signed {
  raw: Hex;
  hash: Hex;
  nonce: number;
}

const RECEIVER: Hex = '0x000000000000000000000000000000000000c0de';
const TOO_MUCH = 10n ** 24n;
const GWEI = 1_000_000_000n;
const RETRY_MS = 150;
const NATS_ANSWER_MS_MAX = 8_000;

/**
 * Sends plain transfers of one account, nonce by nonce, in small batches. What got no clear answer is sent again, the
 * same bytes, until there is one (I10); now and then it sends again what was acknowledged long ago.
 */
export class TransferClient implements LoadClient {
  private readonly signer;
  private stopped = false;
  private nonce = 0;
  private last: Signed | null = null;

  constructor(
    private readonly world: ClientWorld,
    private readonly options: TransferOptions,
    private readonly random: Random,
  ) {
    this.signer = privateKeyToAccount(bytesToHex(devnetKeys.account(options.account)));
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      const count = this.random.between(1, this.options.batchMax);
      let open = await Promise.all(Array.from({ length: count }, (_, index) => this.sign(this.nonce + index)));
      if (this.last && this.random.chance(0.05)) open.unshift(this.last);
      this.nonce += count;
      this.last = open.at(-1)!;
      while (open.length > 0) {
        const outcomes = await this.send(open);
        open = open.filter((_, index) => isOpen(outcomes[index]!));
        if (open.length > 0) await delay(RETRY_MS);
      }
      await delay(this.random.between(0, this.options.pauseMsMax));
    }
  }

  /** No new transfers; those that are open are followed to their end. */
  stop(): void {
    this.stopped = true;
  }

  private async sign(nonce: number): Promise<Signed> {
    const raw = await this.signer.signTransaction({
      type: 'eip1559',
      chainId: this.options.chainId,
      to: RECEIVER,
      // Now and then more than there is: it is ordered all the same, and reverts.
      value: this.random.chance(0.03) ? TOO_MUCH : BigInt(this.random.between(1, 1_000_000)),
      nonce,
      gas: 21_000n,
      maxFeePerGas: GWEI,
      maxPriorityFeePerGas: GWEI,
    });
    return { raw, hash: keccak256(raw), nonce };
  }

  private async send(open: readonly Signed[]): Promise<Outcome[]> {
    const { chainId, account, over } = this.options;
    const notes = open.map(({ hash, nonce }) =>
      this.world.attempts.begin({ kind: 'transaction', id: hash, chainId, key: `${chainId}:${account}:${nonce}` }),
    );
    let outcomes: Outcome[];
    try {
      outcomes = await (over === 'http' ? this.sendHttp(open) : this.sendNats(open));
    } catch (thrown) {
      outcomes = open.map(() => outcomeOfThrown(thrown));
    }
    notes.forEach((note, index) => note(outcomes[index]!));
    return outcomes;
  }

  private async sendHttp(open: readonly Signed[]): Promise<Outcome[]> {
    const url = anyUrl(this.world, this.random, this.options.chainId);
    const calls = open.map(({ raw }, id) => ({ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [raw] }));
    const answers = (await postJson(url, calls)) as {
      id: number;
      result?: Hex;
      error?: { code: number; message: string };
    }[];
    if (!Array.isArray(answers)) throw new Error(`no batch answer: ${JSON.stringify(answers).slice(0, 200)}`);
    return open.map((_, id) => {
      const answer = answers.find((one) => one.id === id);
      if (answer?.error) return outcomeOfError(answer.error.code, answer.error.message);
      return answer?.result ? acknowledged : outcomeOfThrown('no answer to this call');
    });
  }

  private async sendNats(open: readonly Signed[]): Promise<Outcome[]> {
    const raws = open.map(({ raw }) => hexToBytes(raw));
    const options = { timeoutMs: NATS_ANSWER_MS_MAX };
    const results = await submitTransactions(this.world.nats, this.options.chainId, raws, options);
    return open.map((_, index) => {
      const result = results[index];
      if (!result) return outcomeOfThrown('no answer to this transaction');
      return 'hash' in result ? acknowledged : outcomeOfError(result.code, result.message);
    });
  }
}

/** A nonce that was left out would hold up all later ones, so only its being used ends the matter. */
const isOpen = ({ outcome, error = '', again }: Outcome): boolean =>
  again || (outcome === 'refused' && !/already known|nonce too low/i.test(error));

const acknowledged: Outcome = { outcome: 'acknowledged', again: false };
