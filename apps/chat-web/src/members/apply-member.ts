import type { ChatMember } from '@nestwire/chat/client';

/** A change of one member; null after the member has left. */
export interface MemberChange {
  readonly userId: string;
  readonly member: ChatMember | null;
}

/** Returns members after a change, in the order of their ids. A read pointer never moves back. */
export function applyMember(
  members: readonly ChatMember[],
  { userId, member }: MemberChange,
): readonly ChatMember[] {
  const former = members.find(({ user }) => user.id === userId);
  const others = members.filter((other) => other !== former);
  if (!member) return former ? others : members;
  const { readSeq } = member;
  const kept = readSeq === null ? null : Math.max(readSeq, former?.readSeq ?? 0);
  const next = { ...member, readSeq: kept };
  return [...others, next].toSorted((a, b) => (a.user.id < b.user.id ? -1 : 1));
}
