import { type Command, InvalidArgumentError } from 'commander';
import { type EvidenceFile, LockstepError } from '#libs/protocol';
import { print } from '../console.js';
import { checkCertificateFile, checkPreconfirmationFile } from './check-files.js';
import { askForEvidence, writeEvidence } from './evidence-io.js';

interface ExportOptions {
  rpc: string;
  out?: string;
}

/** Commands that make evidence from a network, and that check it offline. */
export function addEvidenceCommands(program: Command): void {
  const certificate = program.command('certificate').description('certificates of operations across rollups');
  exporting(certificate.command('export <id>').description('keep the certificate of a decided operation')).action(
    async (id: string, { rpc, out }: ExportOptions) => {
      const found = await askForEvidence<EvidenceFile | null>(rpc, 'lockstep_getCertificate', [id]);
      writeEvidence(found ?? notFound(`The log has no decided operation ${id}.`), out);
    },
  );
  checking(certificate.command('check <file>').description('check a certificate offline'), checkCertificateFile);

  const preconfirmation = program.command('preconfirmation').description('preconfirmations of transactions');
  exporting(preconfirmation.command('export <hash>').description('keep the preconfirmation of a transaction')).action(
    async (hash: string, { rpc, out }: ExportOptions) => {
      const found = await askForEvidence<EvidenceFile | null>(rpc, 'lockstep_getPreconfirmation', [hash]);
      writeEvidence(found ?? notFound(`The log has no transaction ${hash}.`), out);
    },
  );
  checking(
    preconfirmation.command('check <file>').description('check a preconfirmation offline'),
    checkPreconfirmationFile,
  );

  const registry = program.command('registry').description('the registry of rollups, keys, assets and series');
  exporting(registry.command('export').description('keep the registries that evidence is checked against'))
    .option('--at <block>', 'the one in force in this block; may be repeated; else the newest ones', blockNumbers, [])
    .action(async ({ rpc, out, at }: ExportOptions & { at: number[] }) => {
      const params = at.length > 0 ? [at] : [];
      writeEvidence(await askForEvidence<EvidenceFile>(rpc, 'lockstep_getRegistryExport', params), out);
    });
}

const exporting = (command: Command): Command =>
  command
    .option('--rpc <url>', 'a sequencer', process.env.LOCKSTEP_RPC_URL ?? 'http://127.0.0.1:8545')
    .option('--out <file>', 'where to write it; else to standard output');

function checking(command: Command, check: (file: string, registryFile: string) => string[]): void {
  command
    .requiredOption('--registry <file>', 'an exported registry that you trust')
    .action((file: string, { registry }: { registry: string }) => {
      for (const line of check(file, registry)) print(line);
    });
}

function blockNumbers(text: string, before: number[]): number[] {
  if (/^[0-9]{1,15}$/.test(text)) return [...before, Number(text)];
  throw new InvalidArgumentError('It is no block number.');
}

function notFound(message: string): never {
  throw new LockstepError({ code: 'NOT_FOUND' }, message);
}
