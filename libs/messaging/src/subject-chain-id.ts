/**
 * The chain id that a subject ends with, such as `ingress.84001`.
 * @throws RangeError where its last part is no positive decimal number that fits
 */
export function subjectChainId(subject: string): number {
  const token = subject.slice(subject.lastIndexOf('.') + 1);
  const chainId = Number(token);
  if (!/^[1-9][0-9]{0,15}$/.test(token) || !Number.isSafeInteger(chainId)) {
    throw new RangeError(`The subject ${JSON.stringify(subject)} does not end with a chain id.`);
  }
  return chainId;
}
