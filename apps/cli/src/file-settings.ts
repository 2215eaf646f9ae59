import { readFileSync } from 'node:fs';

/** What an operator's commands take from the environment and what must not stand in it in the clear. */
const SECRETS = ['DATABASE_URL', 'REGISTRY_KEY', 'NATS_NKEY_SEED'];

/** Puts secrets that are given by `X_FILE` in place of `X`, as servers do with all their settings. @throws Error for a file that cannot be read */
export function readSecretFiles(environment: NodeJS.ProcessEnv): void {
  for (const name of SECRETS) {
    const file = environment[`${name}_FILE`];
    if (!file) continue;
    environment[name] = readFileSync(file, 'utf8').trim();
    delete environment[`${name}_FILE`];
  }
}
