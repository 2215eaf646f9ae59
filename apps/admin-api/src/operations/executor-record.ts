import { z } from 'zod';

const amounts = z.object({ available: z.string(), held: z.string() });

/** What an executor answers to the read `operation`: docs/protocol.md, section 11. */
export const ExecutorRecord = z.object({
  vote: z
    .object({
      yes: z.boolean(),
      reason: z.string().nullable(),
      laneSequence: z.string(),
      sharedLaneSequence: z.string(),
      stateRoot: z.string(),
      clock: z.array(z.object({ chainId: z.int(), laneSequence: z.string() })),
      signature: z.string(),
    })
    .nullable(),
  steps: z.array(
    z.object({
      step: z.string(),
      block: z.int(),
      timestampMs: z.int(),
      sequence: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
  legs: z.array(z.object({ changes: z.array(z.object({ step: z.string(), before: amounts, after: amounts })) })),
});
export type ExecutorRecord = z.output<typeof ExecutorRecord>;

/** What the leader answers to `operation.arrivals`. */
export const Arrivals = z.object({
  arrivals: z.array(z.object({ chainId: z.int(), atMs: z.int() })),
});
