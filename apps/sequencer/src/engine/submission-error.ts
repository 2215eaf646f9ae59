import { LockstepError } from '#libs/protocol';

export interface SubmissionErrorType {
  /** Stable name, `data.code` in JSON-RPC. */
  code: string;
  /** JSON-RPC's number. */
  rpcCode: number;
  /** The field of the intent or request that is wrong. */
  field?: string;
  /** The operation, series or hash concerned. */
  id?: string;
  /** A revert's data as hex: answered as `data` in place of all this. */
  data?: string;
}

/** Why something that was submitted did not get into the log. It changed nothing. */
export class SubmissionError extends LockstepError<SubmissionErrorType> {
  static of(code: string, message: string, details: Partial<Omit<SubmissionErrorType, 'code'>> = {}): SubmissionError {
    return new SubmissionError({ rpcCode: -32000, ...details, code }, message);
  }

  /** Too much at once: try again later. */
  static busy(what: string): SubmissionError {
    return SubmissionError.of('BUSY', `limit exceeded: ${what}, try again shortly`, { rpcCode: -32005 });
  }

  /** This sequencer does not lead (any more); whether the submission is in the log is to be looked up. */
  static notLeading(): SubmissionError {
    return SubmissionError.of(
      'NOT_LEADING',
      'this sequencer is not leading at the moment; look the submission up or send it again',
      { rpcCode: -32001 },
    );
  }

  /** An operator has drained the intake. */
  static drained(): SubmissionError {
    return SubmissionError.of(
      'INTAKE_DRAINED',
      'intake drained: no new submissions are taken until an operator resumes it; what was taken before goes on',
      { rpcCode: -32003 },
    );
  }

  /** The log cannot be written at the moment; what was refused by this is not in it. */
  static cannotWrite(): SubmissionError {
    return SubmissionError.of(
      'CANNOT_WRITE',
      'the log cannot be written at the moment; nothing was changed, try again',
      {
        rpcCode: -32002,
      },
    );
  }
}

/** Where faults of ours are logged; a logger is one. */
export interface FaultLog {
  error(detail: { err: unknown }, message: string): void;
}

/**
 * The submission error that stands for whatever was thrown. What nobody expects is logged, once: what comes of it is a
 * submission error itself.
 */
export function toSubmissionError(thrown: unknown, log: FaultLog): SubmissionError {
  if (thrown instanceof SubmissionError) return thrown;
  const isOurs = thrown instanceof LockstepError;
  if (!isOurs || thrown.code === 'INVARIANT_BROKEN') log.error({ err: thrown }, 'a submission failed unexpectedly');
  if (isOurs) return SubmissionError.of(String(thrown.code), thrown.message);
  return SubmissionError.of('INTERNAL', 'the sequencer failed while handling this; it is in its log', {
    rpcCode: -32603,
  });
}
