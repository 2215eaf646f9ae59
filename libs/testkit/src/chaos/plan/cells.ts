/** Where an operation stands when a fault strikes (fault matrix of the invariants). */
export type Phase = 'P0' | 'P1' | 'P2' | 'P3' | 'P4' | 'P5';

/** Columns of the matrix; two of them hold two phases. */
export const COLUMNS = ['P0', 'P1-P2', 'P3', 'P4-P5'] as const;
export type Column = (typeof COLUMNS)[number];

/** Rows of the matrix but the restore one, with the columns that say something. */
export const ROWS = {
  leaderKilled: { title: 'leader killed', columns: COLUMNS },
  leaderPaused: { title: 'leader paused past its lease', columns: COLUMNS },
  postgresKilled: { title: 'Postgres killed, outcome unknown', columns: COLUMNS },
  postgresStuck: { title: 'Postgres: connections used up, lock timeout', columns: COLUMNS },
  postgresFrozen: { title: 'Postgres frozen or black-holed', columns: COLUMNS },
  startKilled: { title: 'killed in first start, migrations, takeover', columns: COLUMNS },
  natsLost: { title: 'NATS killed, wiped or cut off', columns: COLUMNS },
  messagesMixed: { title: 'messages repeated, reordered, delayed', columns: COLUMNS },
  executorLost: { title: 'executor killed or its store lost', columns: ['P1-P2', 'P3', 'P4-P5'] },
  executorSaysNo: { title: 'executor says no, or yes and then no', columns: ['P1-P2', 'P3', 'P4-P5'] },
  deadlineRace: { title: 'vote and deadline race', columns: ['P1-P2'] },
  wallClock: { title: 'wall clock ±1 h', columns: COLUMNS },
  forgedVotes: { title: 'forged, foreign or replayed vote', columns: ['P1-P2', 'P3', 'P4-P5'] },
  rootMismatch: { title: 'state root mismatch on B', columns: COLUMNS },
  windowEnds: { title: 'exercise window ends meanwhile', columns: COLUMNS },
  slowSubscriber: { title: 'slow subscriber, full queue', columns: ['P0', 'P4-P5'] },
} as const satisfies Record<string, { title: string; columns: readonly Column[] }>;

export type Row = keyof typeof ROWS;

/** One cell of the matrix, such as `leaderKilled/P3`. */
export interface Cell {
  row: Row;
  column: Column;
}

export const CELLS: readonly Cell[] = (Object.keys(ROWS) as Row[]).flatMap((row) =>
  ROWS[row].columns.map((column) => ({ row, column })),
);

export const cellName = ({ row, column }: Cell): string => `${row}/${column}`;

/** The phases of a column. */
export const PHASES: Readonly<Record<Column, readonly Phase[]>> = {
  P0: ['P0'],
  'P1-P2': ['P1', 'P2'],
  P3: ['P3'],
  'P4-P5': ['P4', 'P5'],
};
