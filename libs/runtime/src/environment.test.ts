import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { portSetting, privateKeySetting, readEnvironment } from './environment.js';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-environment-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const schema = z.object({ EXAMPLE_KEY: privateKeySetting, EXAMPLE_PORT: portSetting.default(1) });
const KEY = `0x${'ab'.repeat(32)}`;
const holding = (text: string): string => {
  const file = join(directory, `${text.length}`);
  writeFileSync(file, text);
  return file;
};

describe('readEnvironment', () => {
  it('takes a value from the variable, or without its line end from the file that X_FILE names', () => {
    expect(readEnvironment(schema, { EXAMPLE_KEY: KEY })).toEqual({ EXAMPLE_KEY: KEY, EXAMPLE_PORT: 1 });
    const file = holding(`${KEY}\n`);
    expect(readEnvironment(schema, { EXAMPLE_KEY: '', EXAMPLE_KEY_FILE: file })).toMatchObject({ EXAMPLE_KEY: KEY });
  });

  it('refuses a value that is given twice, and a file that cannot be read, by the name of the setting', () => {
    const twice = { EXAMPLE_KEY: KEY, EXAMPLE_KEY_FILE: holding(KEY) };
    expect(() => readEnvironment(schema, twice)).toThrow('EXAMPLE_KEY is wrong: it is given twice');
    const gone = { EXAMPLE_KEY_FILE: join(directory, 'gone') };
    expect(() => readEnvironment(schema, gone)).toThrow(/EXAMPLE_KEY_FILE is wrong: ENOENT/);
  });

  it('shows a wrong value in its error, but never a secret', () => {
    const read = (environment: Record<string, string>) => () =>
      readEnvironment(schema, { EXAMPLE_KEY: KEY, ...environment });
    expect(read({ EXAMPLE_PORT: '70000' })).toThrow('it is "70000"');
    expect(read({ EXAMPLE_KEY: '0xdead' })).toThrow('must be 32 bytes as 0x hex (not shown)');
    const file = holding('0xdead');
    expect(read({ EXAMPLE_KEY: '', EXAMPLE_KEY_FILE: file })).toThrow(`(it is what ${file} holds)`);
  });
});
