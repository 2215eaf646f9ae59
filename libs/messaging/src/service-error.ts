import { headers, type Msg } from '@nats-io/transport-node';

const CODE_HEADER = 'Nats-Service-Error-Code';
const TEXT_HEADER = 'Nats-Service-Error';
const TEXT_LENGTH_MAX = 300;

/** Answers a request with an error by the headers of NATS micro services, which any client library can read. */
export function respondError(message: Msg, status: number, text: string): void {
  const errorHeaders = headers();
  errorHeaders.set(CODE_HEADER, String(status));
  errorHeaders.set(TEXT_HEADER, text.replace(/[\r\n]+/g, ' ').slice(0, TEXT_LENGTH_MAX));
  try {
    message.respond(undefined, { headers: errorHeaders });
  } catch {
    // The connection was closed meanwhile; the asker's time runs out.
  }
}

/** The error that an answer carries, if it does. */
export function serviceErrorOf(message: Msg): { status: number; message: string } | null {
  const text = message.headers?.get(TEXT_HEADER);
  if (!text) return null;
  return { status: Number(message.headers?.get(CODE_HEADER)) || 500, message: text };
}
