import type { Hex } from '#libs/protocol';
import type { Check } from '../check-context.js';
import type { ClientAttempt } from '../history.js';
import { type IndexedEntry, type LogIndex, push } from '../log-index.js';
import { Tally } from '../report.js';

/** Refusals that say that the very thing may be in the log already. */
const ALREADY_THERE = /already known|nonce too low|nonce .*used/i;

/** Attempts by what was submitted; the same bytes sent again are the same submission. */
function submissionsOf(clients: readonly ClientAttempt[]): Map<Hex, ClientAttempt[]> {
  const submissions = new Map<Hex, ClientAttempt[]>();
  for (const attempt of clients) push(submissions, attempt.id, attempt);
  return submissions;
}

/** Where a submission stands in the log: a transaction's entries, an operation's PREPAREs. */
function placesOf(index: LogIndex, { kind, id, chainId }: ClientAttempt): IndexedEntry[] {
  if (kind === 'operation') return index.operations.get(id)?.prepares ?? [];
  return (index.byId.get(id) ?? []).filter(({ entry }) => entry.lane === chainId);
}

const describe = ({ kind, id, chainId }: ClientAttempt): string => `${kind} ${id} for ${chainId}`;
const entriesOf = (places: readonly IndexedEntry[]) => places.map(({ entry }) => entry);

/** I4: what was acknowledged before something else was first sent stands before it. One sort, then one pass. */
export const checkAcknowledgedOrder: Check = ({ index, history }) => {
  const tally = new Tally();
  const sent: { atMs: number; place: IndexedEntry; attempt: ClientAttempt }[] = [];
  const acknowledged: typeof sent = [];
  for (const attempts of submissionsOf(history.clients ?? []).values()) {
    const attempt = attempts[0]!;
    const place = placesOf(index, attempt)[0];
    if (!place) continue;
    sent.push({ atMs: Math.min(...attempts.map(({ sentAtMs }) => sentAtMs)), place, attempt });
    const answers = attempts.filter(({ outcome }) => outcome === 'acknowledged');
    if (answers.length === 0) continue;
    acknowledged.push({
      atMs: Math.min(...answers.map(({ answeredAtMs = Infinity }) => answeredAtMs)),
      place,
      attempt,
    });
  }
  const byTime = (a: { atMs: number }, b: { atMs: number }) => a.atMs - b.atMs;
  sent.sort(byTime);
  acknowledged.sort(byTime);
  let answered = 0;
  let latest: (typeof sent)[number] | null = null;
  for (const later of sent) {
    for (let next = acknowledged[answered]; next && next.atMs < later.atMs; next = acknowledged[++answered]) {
      if (!latest || next.place.entry.sequence > latest.place.entry.sequence) latest = next;
    }
    const first = latest;
    tally.expect(
      !first || first.place.entry.sequence < later.place.entry.sequence,
      () =>
        `${describe(later.attempt)} was sent after ${describe(first!.attempt)} was acknowledged, but stands before it`,
      { entries: first ? [later.place.entry, first.place.entry] : [] },
    );
  }
  return tally;
};

/** The clients' half of I8: everything acknowledged is in the log; where all clients are known, nothing else is. */
export const checkAcknowledged: Check = ({ index, history, options }) => {
  const tally = new Tally();
  const submissions = submissionsOf(history.clients ?? []);
  for (const attempts of submissions.values()) {
    const attempt = attempts.find(({ outcome }) => outcome === 'acknowledged');
    if (!attempt) continue;
    tally.expect(
      placesOf(index, attempt).length > 0,
      () => `${describe(attempt)} was acknowledged and is not in the log`,
    );
  }
  if (!options.clientsComplete) return tally;
  for (const { entry, id } of index.transactions) {
    tally.expect(submissions.has(id), () => `nobody sent transaction ${id}`, { entries: [entry] });
  }
  for (const { entry, operationId } of index.prepares) {
    tally.expect(submissions.has(operationId), () => `nobody sent operation ${operationId}`, { entries: [entry] });
  }
  return tally;
};

/** I9: an id stands once in the log, and of two different submissions with one key only one was acknowledged. */
export const checkOnce: Check = ({ index, history }) => {
  const tally = new Tally();
  for (const [id, places] of index.byId) {
    tally.expect(places.length === 1, () => `${id} stands ${places.length} times in the log`, {
      entries: entriesOf(places),
    });
  }
  const taken = new Map<string, ClientAttempt>();
  for (const attempt of history.clients ?? []) {
    if (attempt.key === undefined || attempt.outcome !== 'acknowledged') continue;
    const first = taken.get(attempt.key) ?? attempt;
    taken.set(attempt.key, first);
    tally.expect(
      first.id === attempt.id,
      () => `${describe(first)} and ${describe(attempt)} were both acknowledged under key ${attempt.key}`,
      { entries: entriesOf([...placesOf(index, first), ...placesOf(index, attempt)]) },
    );
  }
  return tally;
};

/** I10: a submission with an unknown outcome stands once or never; one that was refused for good never does. */
export const checkUnknownOutcomes: Check = ({ index, history }) => {
  const tally = new Tally();
  for (const attempts of submissionsOf(history.clients ?? []).values()) {
    const attempt = attempts[0]!;
    const refused = attempts.every(({ outcome, error = '' }) => outcome === 'refused' && !ALREADY_THERE.test(error));
    if (!refused && !attempts.some(({ outcome }) => outcome === 'unknown')) continue;
    const places = placesOf(index, attempt);
    const most = refused ? 0 : 1;
    tally.expect(
      places.length <= most,
      () =>
        `${describe(attempt)} ${refused ? 'was refused' : 'got no answer'} and stands ${places.length} times in the log`,
      { entries: entriesOf(places) },
    );
  }
  return tally;
};
