/** What each check looks at, and in a few words what must hold; the numbers are those of the list of invariants. */
export const INVARIANTS = {
  I1: { unit: 'entries', title: 'sequences and lane sequences have no gap' },
  I2: { unit: 'blocks', title: 'parents, hashes, lane roots and signatures are what they say' },
  I3: { unit: 'blocks', title: 'the epoch never falls; one leader for each' },
  I4: { unit: 'submissions', title: 'what was acknowledged first stands first' },
  I5: { unit: 'transactions', title: 'nonces are contiguous, senders recovered again' },
  I6: { unit: 'earlier blocks', title: 'earlier copies of the log are prefixes' },
  I7: { unit: 'blocks', title: 'log time never falls and sets the deadlines' },
  I8: { unit: 'entries', title: 'what was acknowledged is there, and nothing that nobody sent' },
  I9: { unit: 'ids', title: 'one key, one entry' },
  I10: { unit: 'submissions', title: 'unknown outcomes stand once or never' },
  I11: { unit: 'blocks', title: 'a restore names the block it goes on from, and no lost epoch comes back' },
  I12: { unit: 'slices', title: 'followers got their lanes, contiguous and as logged' },
  I13: { unit: 'hashes', title: 'all agree on the hash of each block' },
  I15: { unit: 'state roots', title: 're-execution gives the roots that were stated' },
  I16: { unit: 'operations', title: 'one prepare, one decision, each vote and nonce once' },
  I17: { unit: 'decisions', title: 'each decision follows from votes and log time' },
  I18: { unit: 'operations', title: 'nobody posts what another voids' },
  I19: { unit: 'blocks', title: 'assets are conserved, longs equal shorts' },
  I20: { unit: 'holds', title: 'each hold ends once, nothing is held at rest' },
  I21: { unit: 'exercises', title: 'payment and delivery: both as prepared, or none' },
  I22: { unit: 'positions held', title: 'exercised and pending never exceed the position' },
  I23: { unit: 'windows', title: 'exercises in their window, collateral released after' },
  I24: { unit: 'votes', title: 'only valid votes counted' },
  I25: { unit: 'holds released', title: 'an abort restores its own holds, nothing else' },
  I26: { unit: 'operations', title: 'decided within 2 s after the deadline' },
  I27: { unit: 'executors', title: 'every executor applied the whole log' },
  I29: { unit: 'reverted', title: 'a reverted transaction changes nothing but the fee' },
  I31: { unit: 'transactions', title: 'strictly encoded, in their own lane' },
  I32: { unit: 'signatures', title: "votes and roots signed by the rollup's keys" },
} as const;

export type InvariantId = keyof typeof INVARIANTS;

export const INVARIANT_IDS = Object.keys(INVARIANTS) as InvariantId[];

/** Invariants that a history cannot tell, and what does. */
export const NOT_IN_A_HISTORY: Readonly<Record<string, string>> = {
  I14: 'compares two runs; here I15 ties every state to the log',
  I28: 'speaks of processes and wall time: the takeover tests measure it',
  I30: 'finality comes with a later issue',
  I33: 'budgets are charged before anything reaches the log: tests of admission',
  I34: 'the audit log is a table of its own',
};
