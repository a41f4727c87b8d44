import type { ChatItem, ChatMember, ChatProfile, ChatRoomView, ChatTimeline } from '@nestwire/chat/client';
import { parseText } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import { Composer, HAS_KEYBOARD } from '../composer/composer.js';
import { DeleteDialog } from '../message/delete-dialog.js';
import { ReportDialog } from '../message/report-dialog.js';
import { useNotices } from '../shell/notices.js';
import { useBlocks } from '../session/blocks-provider.js';
import { useOwnId } from '../session/chat-session.js';
import { Announcer } from './announcer.js';
import { MessageList } from './message-list.js';
import { readersOf } from './readers.js';
import { RoomMessageRow } from './room-message-row.js';
import { rightsIn } from './rights.js';
import { rowsOf } from './rows.js';
import { TypingLine } from './typing-line.js';
import { useDraftOf } from './use-draft-of.js';
import { useFiles } from './use-files.js';
import { useMessageCommands } from './use-message-commands.js';
import { useReading } from './use-reading.js';

interface TimelineViewProps {
  readonly view: ChatRoomView;
  readonly timeline: ChatTimeline;
  /** The name of the place, as in `lobby`. */
  readonly name: string;
  /** The members, whose read pointers are shown; undefined in a thread. */
  readonly members?: readonly ChatMember[];
  /** The users that a message may mention. */
  readonly users: readonly ChatProfile[];
  readonly targetSeq: number | null;
  readonly beginning: ReactNode;
  /** The place of the form when the user is no member. */
  readonly gate?: ReactNode;
  onJump(seq: number): void;
  readonly onThread?: (seq: number) => void;
}

const NOBODY: readonly ChatMember[] = [];

/** The messages of a room or a thread, and the form for the next one. */
export function TimelineView(props: TimelineViewProps) {
  const { view, timeline, name, users, members = NOBODY, targetSeq, beginning, gate } = props;
  const chat = useChat();
  const ownId = useOwnId();
  const blocks = useBlocks();
  const { report, show } = useNotices();
  const [answered, setAnswered] = useState<ChatItem | null>(null);
  const [editedKey, setEditedKey] = useState<string | null>(null);
  const [removed, setRemoved] = useState<ChatItem | null>(null);
  const [reported, setReported] = useState<ChatItem | null>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const [draft, setDraft] = useDraftOf(timeline);
  const drop = useFiles();
  const field = useRef<HTMLTextAreaElement>(null);
  const rights = useMemo(() => rightsIn(view, ownId), [view.channel, view.rights, ownId]);
  const hasBeginning = Boolean(beginning);
  const rows = useMemo(
    () => rowsOf({ ...view, hasBeginning }),
    [view.items, view.hasOlder, view.firstUnreadSeq, hasBeginning],
  );
  const readers = useMemo(() => readersOf(view.items, members, ownId), [view.items, members, ownId]);
  useReading({ view, timeline, isAtEnd });

  const commands = useMessageCommands({
    timeline,
    onReply(item) {
      setAnswered(item);
      field.current?.focus();
    },
    onEdit: (item) => setEditedKey(item.key),
    onRemove: setRemoved,
    onReport: setReported,
    onJump: props.onJump,
    onThread: props.onThread,
  });
  const nameOf = useCallback(
    (id: string) => users.find((user) => user.id === id)?.name ?? 'somebody',
    [users],
  );

  function send(source: string): void {
    timeline.post({
      ...parseText(source, { mentions: users }),
      ...(answered?.message.seq && { replyTo: answered.message.seq }),
      ...(drop.files.length > 0 && { files: drop.files }),
    });
    setDraft('');
    setAnswered(null);
    drop.setFiles([]);
    void timeline.jumpToNewest().catch(report);
  }

  function endEdit(item: ChatItem, source: string | null): void {
    setEditedKey(null);
    if (HAS_KEYBOARD) field.current?.focus();
    if (source === null || item.message.seq === null) return;
    timeline.edit(item.message.seq, parseText(source, { mentions: users })).catch(report);
  }

  function editLast(): void {
    const last = view.items.findLast(
      ({ message, state }) => state === 'stored' && message.author?.id === ownId,
    );
    if (last && last.message.text !== null) setEditedKey(last.key);
  }

  return (
    <div className="timeline" data-dropping={drop.isOver || undefined} {...drop.handlers}>
      <MessageList
        label={`Messages in ${name}`}
        rows={rows}
        view={view}
        timeline={timeline}
        targetSeq={targetSeq}
        beginning={beginning}
        onAtEnd={setAtEnd}
        renderMessage={(row, { isActive }) => (
          <RoomMessageRow
            row={row}
            items={view.items}
            isActive={isActive}
            isEditing={row.key === editedKey}
            isTarget={row.item.message.seq !== null && row.item.message.seq === targetSeq}
            seenBy={readers.get(row.key)}
            rights={rights}
            commands={commands}
            nameOf={nameOf}
            onEditEnd={endEdit}
          />
        )}
      />
      <Announcer items={view.items} ownId={ownId} />
      <TypingLine users={view.typing.filter(({ id }) => !blocks.ids.has(id))} />
      {gate ?? (
        <Composer
          label={`Message to ${name}`}
          draft={draft}
          users={users}
          answered={answered}
          files={drop.files}
          fieldRef={field}
          onDraft={(text) => {
            setDraft(text);
            if (text !== '') timeline.typing();
          }}
          onFiles={drop.setFiles}
          onAnswered={setAnswered}
          onSend={send}
          onEditLast={editLast}
        />
      )}
      {removed && (
        <DeleteDialog
          item={removed}
          onClose={() => setRemoved(null)}
          onDelete={() => timeline.remove(removed.message.seq!).then(() => setRemoved(null))}
        />
      )}
      {reported && (
        <ReportDialog
          item={reported}
          onClose={() => setReported(null)}
          onReport={async (reason) => {
            await chat.channel(timeline.channelId).report(reported.message.seq!, reason);
            setReported(null);
            show('The moderators have your report.');
          }}
        />
      )}
    </div>
  );
}
