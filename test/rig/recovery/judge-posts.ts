import type { Ledger, Post } from './ledger.js';

/** Finds posts whose promises were not kept; `received` are the ids that any client got. */
export function judgePosts(ledger: Ledger, received: ReadonlySet<string>): string[] {
  const posts = [...ledger.posts.values()];
  return [
    ...new Set([
      ...posts.flatMap((post) => judgePost(ledger, post, received)),
      ...judgeUniqueness(ledger, posts),
      ...judgeOrder(ledger, posts),
    ]),
  ];
}

function judgePost(ledger: Ledger, { id, channel, outcomes }: Post, received: ReadonlySet<string>): string[] {
  const { all, branch } = ledger.of(channel);
  const broken: string[] = [];
  const isRefused = outcomes.every(({ code }) => code === 'UNAVAILABLE' || code === 'OVERLOADED');
  if (isRefused && outcomes.length > 0 && (received.has(id) || all.some((message) => message.id === id)))
    broken.push('I8 fail honesty');
  const acked = outcomes.filter(({ position }) => position);
  for (const { position, branch: at } of acked)
    if (at === branch && all[position!.offset - 1]?.id !== id) broken.push('I7 ack honesty');
  const places = new Set(
    acked.map(({ position, branch: at }) => `${at} ${position!.epoch} ${position!.offset}`),
  );
  const branches = new Set(acked.map(({ branch: at }) => at));
  if (places.size > branches.size) broken.push('I6 idempotence');
  return broken;
}

/** An id stands in a history once. */
function judgeUniqueness(ledger: Ledger, posts: readonly Post[]): string[] {
  const channels = new Set(posts.map(({ channel }) => channel));
  return [...channels].flatMap((channel) => {
    const ids = ledger.of(channel).all.map(({ id }) => id);
    return new Set(ids).size < ids.length ? ['I6 idempotence'] : [];
  });
}

/** Judges that the posts of one process on a channel keep their order, on one branch. */
function judgeOrder(ledger: Ledger, posts: readonly Post[]): string[] {
  const lasts = new Map<string, number>();
  const broken: string[] = [];
  for (const { channel, node, outcomes } of posts) {
    const [first, redelivered] = outcomes;
    // A message that another process posted too has the position of the first post.
    if (redelivered || !first?.position || first.isDuplicate || first.branch !== ledger.of(channel).branch)
      continue;
    const line = `${node} ${channel} ${first.position.epoch}`;
    if (first.position.offset <= (lasts.get(line) ?? 0)) broken.push('I9 FIFO');
    lasts.set(line, first.position.offset);
  }
  return broken;
}
