// Recovers senders in a worker thread. Plain JavaScript, so that one relative URL finds it from source and from dist.
import { createKeccak } from 'hash-wasm';
import secp256k1 from 'secp256k1';
import { parentPort } from 'node:worker_threads';

/** A record in: signing hash (32), r ‖ s (64), recovery id (1). The same figures stand in recovery-batch.ts. */
const RECORD_BYTES = 97;
/** A record out: status (1 recovered, 0 no such key), address (20). */
const ANSWER_BYTES = 21;

const port = parentPort;
if (port === null) throw new Error('recover.worker.js has to run in a worker thread');

const hasher = await createKeccak(256);
const publicKey = new Uint8Array(65);

port.on('message', (/** @type {ArrayBuffer} */ batch) => {
  const answers = recoverBatch(new Uint8Array(batch));
  port.postMessage(answers.buffer, [answers.buffer]);
});

/**
 * @param {Uint8Array} records n records
 * @returns {Uint8Array<ArrayBuffer>} n answers in the same order
 */
function recoverBatch(records) {
  const count = records.length / RECORD_BYTES;
  const answers = new Uint8Array(count * ANSWER_BYTES);
  for (let index = 0; index < count; index++) {
    const start = index * RECORD_BYTES;
    const record = records.subarray(start, start + RECORD_BYTES);
    const answer = answers.subarray(index * ANSWER_BYTES, (index + 1) * ANSWER_BYTES);
    if (!recoverPublicKey(record)) continue;
    hasher.init();
    // Without the first byte, which says that the key is uncompressed.
    hasher.update(publicKey.subarray(1));
    answer[0] = 1;
    answer.set(hasher.digest('binary').subarray(12), 1);
  }
  return answers;
}

/**
 * @param {Uint8Array} record
 * @returns {boolean} whether `publicKey` now holds the signer's key
 */
function recoverPublicKey(record) {
  try {
    secp256k1.ecdsaRecover(record.subarray(32, 96), record[96] ?? 0, record.subarray(0, 32), false, publicKey);
    return true;
  } catch {
    // r is no x coordinate on the curve, or the key is the point at infinity: the signature has no signer.
    return false;
  }
}
