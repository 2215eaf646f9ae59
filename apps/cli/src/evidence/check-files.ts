import { checkCertificate } from '#libs/atomic-commit';
import { checkCertificatePlan, checkPreconfirmation } from '#libs/audit';
import { recoverAddress } from '#libs/crypto';
import { bytesToHex, OperationKind, Outcome, parseEvidenceFile, Reason } from '#libs/protocol';
import { readFile, readRegistryBook } from './evidence-io.js';

/**
 * Checks a certificate's file with a registry's file and nothing else.
 * @returns what it shows, in sentences
 * @throws EvidenceFileError, EvidenceError, CommitProtocolError
 */
export function checkCertificateFile(file: string, registryFile: string): string[] {
  const book = readRegistryBook(registryFile);
  const certificate = parseEvidenceFile('certificate', readFile(file));
  const checked = checkCertificate(certificate, book, recoverAddress);
  const { prepare, decision } = checked;
  const { operationId, intent, participants } = prepare.value;
  const isCommit = decision.value.outcome === (Outcome.commit as number);
  // What is aborted moved nothing, and may have been aborted because its plan was wrong.
  if (isCommit) checkCertificatePlan(checked, book, recoverAddress);
  const end = isCommit ? 'committed' : `aborted (${Reason[decision.value.reason]})`;
  const shown = isCommit
    ? 'Every participant said yes in time; legs, payout and deadline follow from the signed intent.'
    : 'Nothing was moved.';
  return [
    `The certificate holds: ${OperationKind[intent.selector]} ${bytesToHex(operationId)} is ${end}.`,
    `Prepared in block ${prepare.header.number} at sequence ${prepare.sequence}, decided in block ${decision.header.number} at sequence ${decision.sequence}, on rollups ${participants.join(', ')}.`,
    shown,
    `The log is ${bytesToHex(book.logId)}.`,
  ];
}

/** Checks a preconfirmation's file, likewise. @throws EvidenceFileError, EvidenceError */
export function checkPreconfirmationFile(file: string, registryFile: string): string[] {
  const book = readRegistryBook(registryFile);
  const proved = parseEvidenceFile('preconfirmation', readFile(file));
  const { id, sender, header, sequence, laneSequence } = checkPreconfirmation(proved, book, recoverAddress);
  const time = new Date(header.timestamp).toISOString();
  return [
    `The preconfirmation holds: transaction ${bytesToHex(id)} of ${bytesToHex(sender)} stands on rollup ${proved.chainId}.`,
    `Block ${header.number}, sequence ${sequence}, lane sequence ${laneSequence}, log time ${time}.`,
    `The log is ${bytesToHex(book.logId)}.`,
  ];
}
