import { EntryKind } from '#libs/protocol';

/** Kinds of entries as the API names them: `TRANSACTION` → `transaction`, as an enumeration for schemas. */
export const ENTRY_KINDS = Object.values(EntryKind)
  .filter((kind) => typeof kind === 'string')
  .map((kind) => kind.toLowerCase());

export const entryKindName = (kind: EntryKind): string => EntryKind[kind].toLowerCase();

export const entryKindOf = (name: string): EntryKind => EntryKind[name.toUpperCase() as keyof typeof EntryKind];
