// Loaded before everything else (`node --import`) into processes of a chaos network: moves their wall clock when the
// parent says so over IPC ({clockOffsetMs}), as if someone had set the machine's. The monotonic clock goes on untouched.
// LOCKSTEP_CLOCK_OFFSET_MS sets it from the first moment, for commands that are too short to be told.
let offsetMs = Number(process.env.LOCKSTEP_CLOCK_OFFSET_MS ?? 0);
const RealDate = Date;

const ShiftedDate = new Proxy(RealDate, {
  /** @param {any[]} given */
  construct: (target, given) => Reflect.construct(target, given.length === 0 ? [RealDate.now() + offsetMs] : given),
  get: (target, name) => (name === 'now' ? () => RealDate.now() + offsetMs : Reflect.get(target, name)),
});
globalThis.Date = ShiftedDate;

process.on('message', (/** @type {any} */ message) => {
  if (typeof message?.clockOffsetMs === 'number') offsetMs = message.clockOffsetMs;
});
process.channel?.unref();

export {};
