import { createDataSource, describeRefusal, isDatabaseAway } from '#libs/persistence';
import { LockstepError } from '#libs/protocol';

/** Connects to the log's database. @throws LockstepError that says what to do where that fails */
export async function openDatabase(...args: Parameters<typeof createDataSource>): ReturnType<typeof createDataSource> {
  try {
    return await createDataSource(...args);
  } catch (thrown) {
    if (!isDatabaseAway(thrown)) throw describeRefusal(thrown);
    const { message, code } = thrown as { message: string; code?: string };
    throw new LockstepError(
      { code: 'DATABASE_AWAY' },
      `Postgres cannot be reached: ${message || code}.`,
      'Check the host and port in DATABASE_URL, and that the server runs.',
      { cause: thrown },
    );
  }
}
