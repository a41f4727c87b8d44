import type { ChatMember, ChatRoom, ChatRoomView } from '@nestwire/chat/client';
import { useEffect, useRef, useState } from 'react';
import { applyMember, type MemberChange } from './apply-member.js';
import { useMemberEvents } from './use-member-events.js';

const PAGE = 100;
const MAX_PAGES = 5;

/** Loads the members of a room, at most 500 in the order of their ids, and follows their changes while it is live. */
export function useRoomMembers(room: ChatRoom, { status }: ChatRoomView): readonly ChatMember[] {
  const [members, setMembers] = useState<readonly ChatMember[]>([]);
  const [loads, setLoads] = useState(0);
  /** The changes since the load that is on its way, which may be older. */
  const missed = useRef<MemberChange[] | null>(null);
  const isLive = status === 'live';

  useMemberEvents(isLive ? room.channelId : null, {
    onGap: () => setLoads((former) => former + 1),
    onChange(event) {
      missed.current?.push(event);
      setMembers((former) => applyMember(former, event));
    },
  });
  useEffect(() => {
    if (!isLive) return undefined;
    let isCurrent = true;
    const changes: MemberChange[] = (missed.current = []);
    // The former members remain when the new ones cannot be loaded.
    loadMembers(room).then(
      (loaded) => isCurrent && setMembers(changes.reduce(applyMember, loaded)),
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [room, isLive, loads]);
  return members;
}

async function loadMembers(room: ChatRoom): Promise<readonly ChatMember[]> {
  const loaded: ChatMember[] = [];
  let cursor: string | null | undefined;
  for (let page = 0; page < MAX_PAGES && cursor !== null; page++) {
    const { members, next } = await room.loadMembers({ limit: PAGE, ...(cursor && { cursor }) });
    loaded.push(...members);
    cursor = next;
  }
  return loaded;
}
