import type { Executor } from '../engine/executor.js';

/** An executor's figures in Prometheus' text format. */
export function metricsText(executor: Executor): string {
  const { counters, cursor, options } = executor;
  const labels = `{chain_id="${options.chainId}",role="${options.role}"}`;
  const lines: string[] = [];
  const add = (type: 'counter' | 'gauge', name: string, help: string, value: number): void => {
    lines.push(`# HELP lockstep_executor_${name} ${help}`, `# TYPE lockstep_executor_${name} ${type}`);
    lines.push(`lockstep_executor_${name}${labels} ${value}`);
  };
  add('gauge', 'block_number', 'Last block applied and stored.', cursor.number);
  add('gauge', 'log_time_seconds', 'Log time of the last block.', cursor.timestamp / 1000);
  add('gauge', 'halted', '1 when it has stopped applying.', executor.halted ? 1 : 0);
  add('gauge', 'undecided_votes', 'Votes that wait for a decision.', executor.undecidedVotes);
  add('counter', 'blocks_total', 'Blocks applied since the start.', counters.blocks);
  add('counter', 'entries_total', 'Entries applied since the start.', counters.entries);
  add('counter', 'receipts_total', 'Transactions applied since the start.', counters.receipts);
  add('counter', 'votes_total', 'Votes signed since the start.', counters.votes);
  add('counter', 'state_roots_total', 'State roots published since the start.', counters.roots);
  add('counter', 'apply_seconds_total', 'Time spent in the ledger.', counters.applyMs / 1000);
  add('counter', 'store_seconds_total', 'Time spent waiting for the store.', counters.storeMs / 1000);
  return `${lines.join('\n')}\n`;
}
