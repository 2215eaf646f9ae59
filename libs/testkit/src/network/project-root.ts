import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root folder, from the source tree and from dist alike. */
export const PROJECT_ROOT: string = findRoot(dirname(fileURLToPath(import.meta.url)));

/** The built entry file of an app. */
export const appScript = (app: string): string => join(PROJECT_ROOT, 'dist', 'apps', app, 'src', 'main.js');

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'nest-cli.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no project root above ${from}`);
  }
}
