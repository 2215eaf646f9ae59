import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerReplay, type SliceSource } from '#libs/messaging';
import { Genesis, NO_SENDER, proveLanes, Slice, type SliceEntry } from '#libs/protocol';
import type { historyFixtures } from '#libs/testkit';

/** What a feed shows: each rollup's slices, the first block's first. May be changed before it is asked for. */
export interface ShownFeed {
  genesis: Genesis;
  head: number;
  slices: Map<number, Slice[]>;
  /** Bytes instead of a slice, by rollup and block. */
  instead: Map<string, Uint8Array>;
}

/** The slices that followers of an honest sequencer get of this log, with their proofs. */
export function toFeed({ genesis, blocks, entries }: historyFixtures.TinyNetwork): ShownFeed {
  const slices = new Map<number, Slice[]>();
  for (const { header, signature, lanes } of blocks) {
    const roots = lanes.map(({ root }) => root);
    const laneOf = (index: number, proof: Uint8Array[]): Slice['own'] => {
      const { chainId, firstLaneSequence } = lanes[index]!;
      const own = entries.filter(({ blockNumber, lane }) => blockNumber === header.number && lane === chainId);
      const shown: SliceEntry[] = own.map(({ sequence, sender, bytes }) => {
        return { sequence, sender: sender ?? NO_SENDER, bytes };
      });
      return { chainId, index, firstLaneSequence, entries: shown, proof };
    };
    for (const [index, { chainId }] of lanes.entries()) {
      if (index === 0) continue;
      const [sharedProof, ownProof] = proveLanes(roots, [0, index]) as [Uint8Array[], Uint8Array[]];
      const slice = { header, signature, shared: laneOf(0, sharedProof), own: laneOf(index, ownProof) };
      const of = slices.get(chainId) ?? [];
      slices.set(chainId, of);
      of.push(structuredClone(slice));
    }
  }
  return { genesis: structuredClone(genesis), head: blocks.length, slices, instead: new Map() };
}

const sourceOf = ({ genesis, head, slices, instead }: ShownFeed): SliceSource => ({
  genesisBytes: () => Genesis.serialize(genesis),
  head: () => head,
  // By the numbers that the slices say, as a server would that has lost some of them.
  slices: (chainId, from, limit) =>
    Promise.resolve(
      (slices.get(chainId) ?? [])
        .filter(({ header }) => header.number >= from)
        .slice(0, limit)
        .map((slice) => instead.get(`${chainId} ${slice.header.number}`) ?? Slice.serialize(slice)),
    ),
});

/** A server that answers replay over HTTP as a sequencer does, with whatever the feed says. */
export async function serveFeed(feed: ShownFeed): Promise<{ url: string; close: () => Promise<void> }> {
  const source = sourceOf(feed);
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x');
    const number = (name: string): number => Number(url.searchParams.get(name));
    const asked = { from: number('from'), limit: number('limit'), offset: number('offset') };
    void answerReplay(source, Number(url.pathname.split('/').at(-1)), asked).then((bytes) => response.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, close };
}
