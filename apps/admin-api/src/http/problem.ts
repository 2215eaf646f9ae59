import { z } from 'zod';
import { LockstepError } from '#libs/protocol';
import { Missing } from '../schema/missing.js';

/** A problem document (RFC 9457): the body of every error. */
export const Problem = z
  .object({
    type: z.string().describe('A URN that ends in `code`.'),
    title: z.string().describe('What kind of problem it is, the same for every one of its code.'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What happened, with the offending value.'),
    code: z.string().describe('A stable name.'),
    instance: z.string().describe('The path that was asked for.'),
    advice: z.string().optional().describe('What to do about it.'),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .describe('Which parameters or fields are wrong.'),
    missing: z.array(Missing).optional().describe('Parts without which there is no answer.'),
  })
  .meta({ id: 'Problem', description: 'What went wrong (RFC 9457).' });
export type Problem = z.output<typeof Problem>;

export const PROBLEM_TYPE = 'application/problem+json';

export interface ProblemType {
  code: string;
  /** The HTTP status. */
  status: number;
  errors?: { field: string; message: string }[];
  missing?: Missing[];
  /** Seconds after which it may be tried again. */
  retryAfterS?: number;
}

/** An error that a caller gets as a problem document; `message` is its detail. */
export class ProblemError extends LockstepError<ProblemType> {
  static notFound(what: string, id: string): ProblemError {
    return new ProblemError({ code: 'NOT_FOUND', status: 404 }, `There is no ${what} ${id}.`);
  }

  /** Without these parts there is nothing to answer. */
  static away(missing: Missing[]): ProblemError {
    const parts = missing.map(({ part }) => part).join(', ');
    return new ProblemError(
      { code: 'UNAVAILABLE', status: 503, missing, retryAfterS: 1 },
      `What the answer needs is away: ${parts}.`,
      'Try again; /api/v1/overview says what is away and since when.',
    );
  }
}

const TITLES: Record<string, string> = {
  INVALID_REQUEST: 'The request is not as the API describes it.',
  INVALID_CURSOR: 'The cursor cannot be used.',
  NOT_FOUND: 'There is no such thing.',
  UNAVAILABLE: 'A part of the network is away.',
  INTERNAL: 'The admin API failed.',
};

/** The document of a problem. */
export function problemDocument(
  { code, status, errors, missing }: ProblemType,
  detail: string,
  advice: string | undefined,
  instance: string,
): Problem {
  return {
    type: `urn:lockstep:problem:${code}`,
    title: TITLES[code] ?? sentence(code),
    status,
    detail,
    code,
    instance,
    ...(advice === undefined ? {} : { advice }),
    ...(errors === undefined ? {} : { errors }),
    ...(missing === undefined ? {} : { missing }),
  };
}

/** `TOO_MANY_REQUESTS` → `Too many requests.` */
const sentence = (code: string): string => {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
};
