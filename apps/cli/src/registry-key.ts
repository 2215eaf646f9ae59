import { readFileSync } from 'node:fs';
import { hexToBytes } from '#libs/protocol';
import { ConfigurationError } from '#libs/runtime';
import { devnetKeys } from '#libs/testkit';

/** The key that signs an operator's commands. @throws ConfigurationError where there is none */
export function registryKey(keyFile: string | undefined, devnet: boolean): Uint8Array {
  if (devnet) return devnetKeys.registry();
  const key = keyFile ? readFileSync(keyFile, 'utf8').trim() : process.env.REGISTRY_KEY;
  if (key && /^0x[0-9a-fA-F]{64}$/.test(key)) return hexToBytes(key);
  throw new ConfigurationError(
    { code: 'CONFIGURATION', setting: 'REGISTRY_KEY' },
    key ? 'The registry key is not 32 bytes as 0x hex.' : 'There is no registry key to sign with.',
    'Give it by --key-file or REGISTRY_KEY; on the devnet use --devnet.',
  );
}
