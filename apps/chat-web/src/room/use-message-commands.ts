import type { ChatItem, ChatTimeline } from '@nestwire/chat/client';
import { useMemo } from 'react';
import type { MessageCommands } from '../message/message-commands.js';
import { useNotices } from '../shell/notices.js';

interface CommandTargets {
  readonly timeline: ChatTimeline;
  onReply(item: ChatItem): void;
  onEdit(item: ChatItem): void;
  onRemove(item: ChatItem): void;
  onReport(item: ChatItem): void;
  onJump(seq: number): void;
  readonly onThread: ((seq: number) => void) | undefined;
}

/** Makes the commands of the messages in a timeline; failures become notices. */
export function useMessageCommands(targets: CommandTargets): MessageCommands {
  const { timeline, onReply, onEdit, onRemove, onReport, onJump, onThread } = targets;
  const { report } = useNotices();
  return useMemo(
    () => ({
      reply: onReply,
      edit: onEdit,
      remove: onRemove,
      report: onReport,
      jumpTo: onJump,
      ...(onThread && { openThread: onThread }),
      react: (seq, emoji, isSet) => void timeline.react(seq, emoji, isSet).catch(report),
      pin: (seq, isPinned) => void timeline.pin(seq, isPinned).catch(report),
      retry: timeline.retry,
      discard: timeline.discard,
      stop: (seq) => void timeline.stopGrowth(seq).catch(report),
    }),
    // The callbacks change with the place only.
    [timeline],
  );
}
