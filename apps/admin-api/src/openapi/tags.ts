/** What routes are grouped by. */
export const TAGS = {
  overview: 'How the network is, in one answer.',
  blocks: 'Blocks of the log.',
  entries: 'Entries of the log, with their content.',
  rollups: 'Rollups of the registry.',
  executors: 'Voting executors and replicas: where they stand and how they are.',
  operations: 'Changes across rollups, step by step.',
  series: 'Option series.',
  prices: 'Prices of markets.',
  accounts: 'Balances and positions, as executors have them.',
  incidents: 'What people should look into.',
  audit: 'Admin commands, in a hash chain.',
  configuration: 'What is in force.',
  events: 'What happens, as it happens.',
  commands: 'What operators and administrators do.',
  health: 'Whether this process lives and can do its work.',
} as const;
