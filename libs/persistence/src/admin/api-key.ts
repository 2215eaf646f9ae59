import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a key may do: each role may do what those before it may. */
export const API_ROLES = ['viewer', 'operator', 'admin'] as const;
export type ApiRole = (typeof API_ROLES)[number];

/** Whether a role may do what needs `needed`. */
export const roleAllows = (role: ApiRole, needed: ApiRole): boolean =>
  API_ROLES.indexOf(role) >= API_ROLES.indexOf(needed);

/** A key of the admin API as it is kept: everything but its secret. */
export interface ApiKey {
  /** Public: 16 hex digits. */
  id: string;
  name: string;
  role: ApiRole;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  /** Id of the key that took its place, when it was rotated. */
  rotatedTo: string | null;
}

/** The parts of a key's text. */
export interface ApiKeyParts {
  id: string;
  /** SHA-256 of the secret, 32 bytes. */
  secretHash: Uint8Array;
}

const TEXT = /^lsk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** A new key: its text `lsk_<id>_<secret>`, shown once, and the parts that are kept. The secret has 256 random bits. */
export function newApiKey(): ApiKeyParts & { text: string } {
  const id = randomBytes(8).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { id, secretHash: hashSecret(secret), text: `lsk_${id}_${secret}` };
}

/** The parts of a key's text; null for what is none. */
export function parseApiKey(text: string): ApiKeyParts | null {
  const [, id, secret] = TEXT.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secretHash: hashSecret(secret) };
}

/** Whether two hashes are equal, in a time that does not say where they differ. */
export const equalHashes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);

const hashSecret = (secret: string): Uint8Array => createHash('sha256').update(secret).digest();
