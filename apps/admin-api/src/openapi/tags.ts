/** What routes are grouped by. */
export const TAGS = {
  overview: 'How the network is, in one answer.',
  commands: 'What operators and administrators do.',
  health: 'Whether this process lives and can do its work.',
} as const;
