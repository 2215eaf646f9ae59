import type { BlockExtras } from '#libs/persistence';
import { failpoint } from '#libs/runtime';

/** Passes the failpoints before a block is sent to Postgres, or after it is durable and before it is published. */
export async function blockFailpoints(stage: 'unsent' | 'durable', { extras }: { extras: BlockExtras }): Promise<void> {
  await failpoint(stage === 'unsent' ? 'append-unsent' : 'block-durable');
  if (extras.operations.length > 0) await failpoint(`prepare-${stage}`);
  if (extras.decisions.length > 0) await failpoint(`decision-${stage}`);
}
