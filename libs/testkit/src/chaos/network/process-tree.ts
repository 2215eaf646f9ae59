import { readdirSync, readFileSync } from 'node:fs';

/** A process and all its descendants, parents first. From /proc, so Linux only; elsewhere the process alone. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const [child, parent] of parents()) children.set(parent, [...(children.get(parent) ?? []), child]);
  const found = [pid];
  for (let next = 0; next < found.length; next++) found.push(...(children.get(found[next]!) ?? []));
  return found;
}

/** Sends a signal to a process and all its descendants; those that have ended meanwhile are left out. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const each of processTree(pid)) {
    try {
      process.kill(each, signal);
    } catch {
      // It has ended.
    }
  }
}

function parents(): [child: number, parent: number][] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const parent = parentOf(name);
        return parent === undefined ? [] : [[Number(name), parent] as [number, number]];
      });
  } catch {
    return [];
  }
}

function parentOf(name: string): number | undefined {
  try {
    // The name in parentheses may hold anything, so the fields are counted from its end.
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // it has just ended
  }
}
