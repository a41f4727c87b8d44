import type { ChatMember, ChatProfile, ChatRoom, ChatRoomView } from '@nestwire/chat/client';
import { useState } from 'react';
import { useBlockAction } from '../session/blocks-provider.js';
import { useOwnId } from '../session/chat-session.js';
import { isGranted } from '../room/rights.js';
import { SidePanel } from '../shell/side-panel.js';
import type { MenuAction } from '../ui/menu.js';
import { ONE_PANE, useMedia } from '../ui/use-media.js';
import { MemberRow } from './member-row.js';
import { RemoveDialog } from './remove-dialog.js';
import { RoleDialog } from './role-dialog.js';
import { isAtLeast } from './role-names.js';
import './members-panel.css';

interface MembersPanelProps {
  readonly room: ChatRoom;
  readonly view: ChatRoomView;
  readonly roomName: string;
  readonly members: readonly ChatMember[];
  onMessage(user: ChatProfile): void;
  onClose(): void;
}

/** The members of a room: those who are here first, the invited ones last. */
export function MembersPanel(props: MembersPanelProps) {
  const { room, view, roomName, members, onMessage, onClose } = props;
  const [roleOf, setRoleOf] = useState<ChatMember | null>(null);
  const [removed, setRemoved] = useState<ChatMember | null>(null);
  const actionsFor = useMemberActions(view, { onRole: setRoleOf, onRemove: setRemoved });
  const rows = (group: readonly ChatMember[], isPresent?: boolean) =>
    group.map((member) => (
      <MemberRow
        key={member.user.id}
        member={member}
        isPresent={isPresent}
        actions={actionsFor(member)}
        onMessage={() => onMessage(member.user)}
      />
    ));
  const { here, away, invited } = groupsOf(members, view);
  return (
    <SidePanel title="Members" onClose={onClose}>
      <div className="members">
        <Group title={`Here now · ${here.length}`}>{rows(here, true)}</Group>
        <Group title={`Away · ${away.length}`}>{rows(away, false)}</Group>
        <Group title={`Invited · ${invited.length}`}>{rows(invited)}</Group>
      </div>
      {roleOf && (
        <RoleDialog
          member={roleOf}
          onClose={() => setRoleOf(null)}
          onRole={async (role) => {
            await room.setMember(roleOf.user.id, role);
            setRoleOf(null);
          }}
        />
      )}
      {removed && (
        <RemoveDialog
          user={removed.user}
          roomName={roomName}
          onClose={() => setRemoved(null)}
          onRemove={async () => {
            await room.setMember(removed.user.id, null);
            setRemoved(null);
          }}
        />
      )}
    </SidePanel>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: readonly unknown[] }) {
  const Heading = useMedia(ONE_PANE) ? 'h2' : 'h3';
  if (children.length === 0) return null;
  return (
    <section aria-label={title}>
      <Heading>{title}</Heading>
      <ul>{children as never}</ul>
    </section>
  );
}

function groupsOf(members: readonly ChatMember[], { present }: ChatRoomView) {
  const ids = new Set(present?.map(({ id }) => id));
  const sorted = members.toSorted((a, b) => a.user.name.localeCompare(b.user.name));
  const joined = sorted.filter(({ state }) => state === 'joined');
  return {
    here: joined.filter(({ user }) => ids.has(user.id)),
    away: joined.filter(({ user }) => !ids.has(user.id)),
    invited: sorted.filter(({ state }) => state === 'invited'),
  };
}

interface MemberTargets {
  onRole(member: ChatMember): void;
  onRemove(member: ChatMember): void;
}

/** Returns what the server permits about a member. */
function useMemberActions(view: ChatRoomView, targets: MemberTargets) {
  const ownId = useOwnId();
  const blockAction = useBlockAction();
  return (member: ChatMember): readonly MenuAction[] => {
    const { role: ownRole } = view.membership ?? {};
    if (member.user.id === ownId) return [];
    const block = blockAction(member.user);
    if (!ownRole) return [block];
    const { name } = member.user;
    const role: MenuAction = { icon: 'shield', label: `Change the role`, run: () => targets.onRole(member) };
    const remove: MenuAction = {
      icon: 'leave',
      label: `Remove ${name}`,
      run: () => targets.onRemove(member),
    };
    const canRemove = isGranted(view, 'channel.remove') && isAtLeast(ownRole, member.role);
    return [
      ...(isGranted(view, 'channel.roles') && member.state === 'joined' ? [role] : []),
      ...(canRemove ? [remove] : []),
      block,
    ];
  };
}
