import { createRequire } from 'node:module';
import { CryptoError } from './error.js';

const require = createRequire(import.meta.url);

/**
 * Asserts that npm `secp256k1` has loaded its native build. Without one it falls back silently to a JavaScript version
 * that recovers senders 35 times slower. Call it once at start.
 *
 * @throws {CryptoError} `NATIVE_SECP256K1_MISSING`.
 */
export function assertNativeSecp256k1(load: (id: string) => unknown = require): void {
  let native: unknown;
  let cause: unknown;
  try {
    // The package's entry exports what this file exports, unless requiring it throws.
    native = load('secp256k1/bindings.js');
  } catch (error) {
    cause = error;
  }
  if (native !== undefined && load('secp256k1') === native) return;
  throw new CryptoError(
    { code: 'NATIVE_SECP256K1_MISSING' },
    `npm secp256k1 runs without its native build on ${process.platform}-${process.arch}, Node ${process.version}`,
    'Run `npm rebuild secp256k1` with a C++ compiler, make and python3 installed, or use a platform with a prebuilt binary (linux-x64, darwin-arm64, win32-x64).',
    { cause },
  );
}
