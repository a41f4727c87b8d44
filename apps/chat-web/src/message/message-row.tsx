import type { ChatItem, ChatMessage, ChatProfile } from '@nestwire/chat/client';
import { memo } from 'react';
import { authorColour } from '../ui/author-colour.js';
import { Avatar } from '../ui/avatar.js';
import { Icon } from '../ui/icon.js';
import { Name } from '../ui/name.js';
import { clockTime, fullTime, listTime, narrowTime } from '../ui/times.js';
import { MessageActions } from './message-actions.js';
import { MessageBody } from './message-body.js';
import type { MessageCommands, MessageRights } from './message-commands.js';
import { MessageEditor } from './message-editor.js';
import { MessageState } from './message-state.js';
import { Quote } from './quote.js';
import { Reactions } from './reactions.js';
import { SeenBy } from './seen-by.js';
import { sourceOf } from './source-of.js';
import './message-row.css';

/** The properties of a message in a list. */
export interface MessageRowProps {
  readonly item: ChatItem;
  /** True for the first message of a group, which has the author. */
  readonly isFirst: boolean;
  /** True while the pointer or the focus is on it. */
  readonly isActive: boolean;
  readonly isEditing: boolean;
  /** True for a moment after the list jumped to it. */
  readonly isTarget: boolean;
  readonly answered: ChatMessage | undefined;
  /** The other users who have read up to this message; undefined for none. */
  readonly seenBy: readonly ChatProfile[] | undefined;
  readonly rights: MessageRights;
  readonly commands: MessageCommands;
  nameOf(userId: string): string;
  onEditEnd(text: string | null): void;
}

/** A message with its author, time, reactions and actions. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { item, isFirst, isActive, isEditing, isTarget, rights } = props;
  const { message } = item;
  if (message.kind === 'system') return <SystemMessage message={message as ChatMessage} />;
  const isMention = message.mentions.includes(rights.ownId);
  return (
    <article
      className="message"
      aria-label={labelOf(item)}
      tabIndex={isActive ? 0 : -1}
      data-key={item.key}
      data-first={isFirst || undefined}
      data-state={item.state}
      data-mention={isMention || undefined}
      data-target={isTarget || undefined}
      data-pinned={message.pinnedAt !== null || undefined}
    >
      <Gutter message={message} isFirst={isFirst} />
      <div className="message-main">
        {message.pinnedAt !== null && (
          <p className="message-pin">
            <Icon name="pin" size={13} /> Pinned
          </p>
        )}
        {message.replyTo !== null && <Answered {...props} />}
        {isFirst && <MessageHead message={message} />}
        {isEditing ? (
          <MessageEditor text={sourceOf(message.text ?? '', message.entities)} onEnd={props.onEditEnd} />
        ) : (
          <MessageBody
            item={item}
            ownId={rights.ownId}
            onStop={mayStop(props) ? props.commands.stop : undefined}
          />
        )}
        <MessageState item={item} commands={props.commands} />
        <Foot {...props} />
      </div>
      {props.seenBy && <SeenBy users={props.seenBy} />}
      {isActive && !isEditing && <MessageActions item={item} rights={rights} commands={props.commands} />}
    </article>
  );
});

/** The user who asked, and moderators, stop an answer. */
function mayStop({ answered, rights }: MessageRowProps): boolean {
  return rights.canModerate || answered?.author?.id === rights.ownId;
}

function labelOf({ message, state }: ChatItem): string {
  const author = message.author?.name ?? 'Somebody';
  const text = message.text ?? 'This message was deleted';
  const suffix =
    state === 'stored' ? clockTime(message.createdAt) : state === 'pending' ? 'sending' : 'not sent';
  return `${author}: ${text.slice(0, 200)}, ${suffix}`;
}

/** The avatar of a group, or the time of a later message while the pointer is on it. */
function Gutter({ message, isFirst }: { readonly message: ChatItem['message']; readonly isFirst: boolean }) {
  if (isFirst) return <Avatar user={message.author} />;
  return (
    <time
      className="message-side-time"
      dateTime={new Date(message.createdAt).toISOString()}
      aria-hidden="true"
    >
      {narrowTime(message.createdAt)}
    </time>
  );
}

function MessageHead({ message }: { readonly message: ChatItem['message'] }) {
  return (
    <header className="message-head">
      <b className="author" style={authorColour(message.author?.id ?? '')}>
        <Name>{message.author?.name ?? 'A former member'}</Name>
      </b>
      <time dateTime={new Date(message.createdAt).toISOString()} title={fullTime(message.createdAt)}>
        {clockTime(message.createdAt)}
      </time>
    </header>
  );
}

function Answered({ item, answered, commands }: MessageRowProps) {
  return <Quote message={answered} onJump={() => commands.jumpTo(item.message.replyTo!)} />;
}

function Foot({ item, rights, commands, nameOf }: MessageRowProps) {
  const { message } = item;
  if (message.seq === null) return null;
  const { seq } = message;
  return (
    <>
      <Reactions
        reactions={message.reactions}
        ownId={rights.ownId}
        canReact={rights.canReact}
        nameOf={nameOf}
        onToggle={(emoji, isSet) => commands.react(seq, emoji, isSet)}
      />
      {message.replyCount > 0 && commands.openThread && (
        <button type="button" className="thread-link" onClick={() => commands.openThread!(seq)}>
          <Icon name="thread" size={15} />
          {message.replyCount === 1 ? '1 reply' : `${message.replyCount} replies`}
          {message.lastReplyAt !== null && <span>last {listTime(message.lastReplyAt)}</span>}
        </button>
      )}
    </>
  );
}

function SystemMessage({ message }: { readonly message: ChatMessage }) {
  return (
    <article className="system-message" aria-label={message.text ?? ''}>
      {message.text} <time>{clockTime(message.createdAt)}</time>
    </article>
  );
}
