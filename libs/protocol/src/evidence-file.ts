import { bytesToHex, type Hex, hexToBytes } from './bytes.js';
import { LockstepError } from './errors.js';
import { Certificate, ProvedEntry } from './proved-entry.js';
import { RegistryExport } from './registry-export.js';

/** What evidence is kept in: SSZ bytes as hex, and what they are. */
export interface EvidenceFile {
  lockstep: EvidenceKind;
  version: 1;
  ssz: Hex;
}

const TYPES = { certificate: Certificate, preconfirmation: ProvedEntry, registry: RegistryExport } as const;
export type EvidenceKind = keyof typeof TYPES;
interface Values {
  certificate: Certificate;
  preconfirmation: ProvedEntry;
  registry: RegistryExport;
}

export type EvidenceFileErrorType =
  | { code: 'EVIDENCE_NO_FILE'; expected: EvidenceKind }
  | { code: 'EVIDENCE_KIND'; expected: EvidenceKind; got: string }
  | { code: 'EVIDENCE_VERSION'; version: string }
  | { code: 'EVIDENCE_BYTES'; expected: EvidenceKind };

/** A file that holds no such evidence. */
export class EvidenceFileError extends LockstepError<EvidenceFileErrorType> {}

/** Evidence as it is kept in a file. */
export function toEvidenceFile<K extends EvidenceKind>(kind: K, value: Values[K]): EvidenceFile {
  const type = TYPES[kind] as unknown as { serialize(value: Values[K]): Uint8Array };
  return { lockstep: kind, version: 1, ssz: bytesToHex(type.serialize(value)) };
}

/** Reads what {@link toEvidenceFile} made, from JSON text. @throws EvidenceFileError */
export function parseEvidenceFile<K extends EvidenceKind>(kind: K, text: string): Values[K] {
  const { lockstep, version, ssz } = parseObject(kind, text);
  if (lockstep !== kind) {
    const got = typeof lockstep === 'string' ? lockstep.slice(0, 40) : 'no evidence';
    throw new EvidenceFileError({ code: 'EVIDENCE_KIND', expected: kind, got }, `The file is no ${kind} but ${got}.`);
  }
  if (version !== 1) {
    const shown = JSON.stringify(version) ?? 'none';
    throw new EvidenceFileError(
      { code: 'EVIDENCE_VERSION', version: shown },
      `The ${kind} is of version ${shown}; this program reads version 1.`,
    );
  }
  try {
    const type = TYPES[kind] as unknown as { deserialize(bytes: Uint8Array): Values[K] };
    return type.deserialize(hexToBytes(String(ssz)));
  } catch (error) {
    const reason = (error as Error).message;
    throw new EvidenceFileError(
      { code: 'EVIDENCE_BYTES', expected: kind },
      `The file's bytes are no ${kind}: ${reason}.`,
      undefined,
      { cause: error },
    );
  }
}

function parseObject(expected: EvidenceKind, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new EvidenceFileError({ code: 'EVIDENCE_NO_FILE', expected }, `This is no JSON object with a ${expected}.`);
}
