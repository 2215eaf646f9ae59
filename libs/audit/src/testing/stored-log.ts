import { blockExtras, createDataSource, LogReader, LogWriter, migrate, nextAuditRow } from '#libs/persistence';
import type { historyFixtures } from '#libs/testkit';

/** Writes what a network in memory has logged into an empty database, as a sequencer would, with two audit rows. */
export async function storeLog(url: string, { genesis, blocks, entries }: historyFixtures.TinyNetwork): Promise<void> {
  await migrate(url);
  const dataSource = await createDataSource(url, { poolSize: 1 });
  const writer = new LogWriter(url);
  try {
    await new LogReader(dataSource).insertGenesis(genesis);
    await dataSource.query('UPDATE lockstep.head SET epoch = 1');
    for (const { header, hash, signature, lanes } of blocks) {
      const own = entries.filter(({ blockNumber }) => blockNumber === header.number);
      const extras = blockExtras(header, own);
      if (header.number === 1) {
        const draft = { atMs: header.timestamp, actor: 'ada', command: 'rollup.pause', detail: { reason: 'a test' } };
        const first = nextAuditRow(undefined, draft);
        extras.audits = [first, nextAuditRow(first, draft)];
      }
      const result = await writer.append({ header, hash, signature, lanes, entries: own }, extras);
      if (result.status !== 'written') throw new Error(`block ${header.number}: ${result.status}`);
    }
  } finally {
    await writer.close();
    await dataSource.destroy();
  }
}
