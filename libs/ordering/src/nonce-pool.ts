/** A transaction on its way into the log, as far as its nonce is concerned. */
export interface NonceItem {
  nonce: bigint;
}

/** What the pool says of a transaction. */
export type NonceVerdict<T> =
  /** It may be placed now, and so may the parked ones that waited for it: all in order of their nonces. */
  | { status: 'ready'; items: T[] }
  /** It waits for an earlier nonce. */
  | { status: 'parked'; expected: bigint }
  /** Its nonce is used. */
  | { status: 'too_low'; expected: bigint }
  /** Another transaction with this nonce waits already. */
  | { status: 'taken'; by: T }
  /** The sender's parking places are all taken. */
  | { status: 'full'; expected: bigint };

interface Account<T> {
  expected: bigint;
  parked: Map<bigint, T>;
  /** Raised whenever a ready transaction was not placed: what was ready before must not be placed behind the gap. */
  generation: number;
  /** The gaps that still matter: the nonce that was given back, and the generation that began with it. Both ascend. */
  gaps: { nonce: bigint; generation: number }[];
}

/**
 * The next nonce of each (chain id, sender) and the transactions that came too early (I5). A parked transaction is not
 * acknowledged: its caller waits until it is durable or gives up ({@link withdraw}).
 */
export class NoncePool<T extends NonceItem> {
  private readonly accounts = new Map<string, Account<T>>();

  /** @param parkedMax parking places of one account */
  constructor(private readonly parkedMax: number) {}

  /** Whether the account's next nonce is known; if not, {@link learn} must come first. */
  knows(account: string): boolean {
    return this.accounts.has(account);
  }

  /** The next nonce of an account from the log. Ignored when it is known already: what is on its way counts too. */
  learn(account: string, nextNonce: bigint): void {
    if (!this.accounts.has(account))
      this.accounts.set(account, { expected: nextNonce, parked: new Map(), generation: 0, gaps: [] });
  }

  /** The next nonce that would be placed, or undefined when the account is not known. */
  expected(account: string): bigint | undefined {
    return this.accounts.get(account)?.expected;
  }

  /** Offers a transaction of a known account. */
  offer(accountKey: string, item: T): NonceVerdict<T> {
    const account = this.known(accountKey);
    if (item.nonce < account.expected) return { status: 'too_low', expected: account.expected };
    if (item.nonce > account.expected) {
      const by = account.parked.get(item.nonce);
      if (by) return { status: 'taken', by };
      if (account.parked.size >= this.parkedMax) return { status: 'full', expected: account.expected };
      account.parked.set(item.nonce, item);
      return { status: 'parked', expected: account.expected };
    }
    const items = [item];
    account.expected += 1n;
    for (let next = account.parked.get(account.expected); next; next = account.parked.get(account.expected)) {
      account.parked.delete(account.expected);
      items.push(next);
      account.expected += 1n;
    }
    return { status: 'ready', items };
  }

  /** A parked transaction's caller gave up. Returns the nonce the account waits for. */
  withdraw(accountKey: string, item: T): bigint {
    const account = this.known(accountKey);
    if (account.parked.get(item.nonce) === item) account.parked.delete(item.nonce);
    return account.expected;
  }

  /** In which generation a transaction becomes ready now; to be kept with it until it is placed or refused. */
  generation(account: string): number | undefined {
    return this.accounts.get(account)?.generation;
  }

  /** Whether a ready transaction may still be placed: nothing at or before its nonce was given back since (I5). */
  mayPlace(accountKey: string, nonce: bigint, generation: number | undefined): boolean {
    const account = this.accounts.get(accountKey);
    if (!account || generation === undefined) return false;
    return !account.gaps.some((gap) => gap.generation > generation && gap.nonce <= nonce);
  }

  /** Nothing of an account is on its way: what was given back matters to nobody any more. */
  idle(accountKey: string): void {
    const account = this.accounts.get(accountKey);
    if (account) account.gaps = [];
  }

  /**
   * A ready transaction was not placed after all: its nonce is free again, and those that became ready behind it must
   * not be placed either. Those before it may: they can be in a block whose write is under way.
   * @param generation in which it became ready; one that may not be placed any more changes nothing, since its nonce may
   *   be given out anew
   */
  giveBack(accountKey: string, nonce: bigint, generation?: number): void {
    const account = this.accounts.get(accountKey);
    if (!account || (generation !== undefined && !this.mayPlace(accountKey, nonce, generation))) return;
    if (nonce >= account.expected) return;
    account.expected = nonce;
    account.generation += 1;
    // A newer gap at a lower nonce says all that an older one above it did.
    account.gaps = account.gaps.filter((gap) => gap.nonce < nonce);
    account.gaps.push({ nonce, generation: account.generation });
  }

  /** How many accounts are known. */
  get size(): number {
    return this.accounts.size;
  }

  /** Forgets an account that has nothing on its way, to be learnt again; does nothing while it has something parked. */
  forget(accountKey: string): void {
    if (this.accounts.get(accountKey)?.parked.size === 0) this.accounts.delete(accountKey);
  }

  /** Forgets everything: the log is read again. Returns what was parked. */
  clear(): T[] {
    const parked = [...this.accounts.values()].flatMap((account) => [...account.parked.values()]);
    this.accounts.clear();
    return parked;
  }

  private known(account: string): Account<T> {
    const known = this.accounts.get(account);
    if (!known) throw new RangeError(`the next nonce of ${account} has not been learnt`);
    return known;
  }
}
