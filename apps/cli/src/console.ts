import { styleText } from 'node:util';

const isTerminal = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
  isTerminal ? styleText(style, text) : text;

export const bold = (text: string): string => paint('bold', text);
export const dim = (text: string): string => paint('dim', text);
export const green = (text: string): string => paint('green', text);
export const red = (text: string): string => paint('red', text);

/** One line to standard output. */
export const print = (line = ''): void => void process.stdout.write(`${line}\n`);

/** A heading with a line before it. */
export const heading = (text: string): void => print(`\n${bold(text)}`);

/** A table with its columns aligned: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[], indent = '  '): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  for (const [index, row] of rows.entries()) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    const line = `${indent}${cells.join('   ')}`.trimEnd();
    print(index === 0 ? dim(line) : line);
  }
}
