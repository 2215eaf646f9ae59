import { type Call, checkCall } from './execute-call.js';
import type { MarketContext } from './market-context.js';
import { encodeRevert, Revert } from './words.js';

/** What a call gives back: its data; or the reason in words and as Error(string). */
export type CallResult = { ok: true; data: Uint8Array } | { ok: false; reason: string; data: Uint8Array };

/** Runs a call without changing anything. */
export function simulateCall(context: MarketContext, nativeAsset: Uint8Array, call: Call): CallResult {
  try {
    return { ok: true, data: checkCall(context, nativeAsset, call).data };
  } catch (error) {
    if (!(error instanceof Revert)) throw error;
    return { ok: false, reason: error.message, data: encodeRevert(error.message) };
  }
}
