import { readFileSync, writeFileSync } from 'node:fs';
import { openRegistryExport, type RegistryBook } from '#libs/atomic-commit';
import { type EvidenceFile, LockstepError, parseEvidenceFile } from '#libs/protocol';
import { ConfigurationError } from '#libs/runtime';
import { print } from '../console.js';

/** Reads a file that the user named. @throws LockstepError `FILE_UNREADABLE` */
export function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { message } = error as Error;
    throw new LockstepError({ code: 'FILE_UNREADABLE', path }, `${path} cannot be read: ${message}`);
  }
}

/** The registries that an exported file holds. @throws EvidenceFileError, EvidenceError */
export const readRegistryBook = (path: string): RegistryBook =>
  openRegistryExport(parseEvidenceFile('registry', readFile(path)));

/** Writes evidence to a file, or to standard output where none is named. */
export function writeEvidence(file: EvidenceFile, out: string | undefined): void {
  const text = `${JSON.stringify(file)}\n`;
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  writeFileSync(out, text);
  print(`${file.lockstep} written to ${out}`);
}

/** Asks a sequencer for evidence. @throws LockstepError with its answer, ConfigurationError where none answers */
export async function askForEvidence<T>(rpc: string, method: string, params: unknown[]): Promise<T> {
  const url = rpc.replace(/\/$/, '');
  const { rollups } = (await getJson(`${url}/readyz`)) as { rollups?: number[] };
  if (rollups?.[0] === undefined) throw noSequencer(url);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'content-type': 'application/json' };
  const answer = (await getJson(`${url}/${rollups[0]}`, { method: 'POST', headers, body })) as {
    result?: T;
    error?: { message: string; data?: { code?: string } };
  };
  if (!answer.error) return answer.result as T;
  throw new LockstepError({ code: answer.error.data?.code ?? 'REFUSED' }, answer.error.message);
}

async function getJson(url: string, init?: RequestInit): Promise<unknown> {
  try {
    return await (await fetch(url, init)).json();
  } catch {
    throw noSequencer(url);
  }
}

const noSequencer = (url: string): ConfigurationError =>
  new ConfigurationError(
    { code: 'CONFIGURATION', setting: 'LOCKSTEP_RPC_URL' },
    `${url} does not answer as a sequencer does.`,
    'Give a sequencer’s address by --rpc or LOCKSTEP_RPC_URL.',
  );
