import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EntryKind } from './entry.js';
import { Reason } from './reason.js';
import { describeTypes } from './testing/describe-types.js';

const document = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

it('docs/protocol.md shows every encoding as it is', () => {
  expect(document).toContain(`\`\`\`text\n${describeTypes()}\n\`\`\``);
});

it('docs/protocol.md names every kind of entry and every reason with its value', () => {
  const rowsOf = (names: object) => Object.entries(names).filter(([, value]) => typeof value === 'number');
  for (const [name, value] of [...rowsOf(EntryKind), ...rowsOf(Reason)]) {
    expect(document, name).toMatch(new RegExp(`\\| +${value} +\\| \`${name}\``));
  }
});
