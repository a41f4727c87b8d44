import type { ChatEntity } from '@nestwire/chat/client';
import type { ReactNode } from 'react';
import './rich-text.css';

interface RichTextProps {
  readonly text: string;
  readonly entities: readonly ChatEntity[];
  /** The id of the own user, whose mentions stand out. */
  readonly ownId: string;
}

/** A text with its entities as elements. No part of it is ever HTML. */
export function RichText({ text, entities, ownId }: RichTextProps) {
  const isEmoji = entities.length === 0 && ONLY_EMOJI.test(text);
  const sorted = entities.toSorted((a, b) => a.offset - b.offset || b.length - a.length);
  return (
    <div className="rich-text" dir="auto" data-emoji={isEmoji || undefined}>
      {partsOf({ text, ownId }, sorted, [0, text.length])}
    </div>
  );
}

const ONLY_EMOJI =
  /^(?:\p{Extended_Pictographic}(?:[\p{Emoji_Modifier}\p{Extended_Pictographic}]|\u200d|\ufe0f)*\s*){1,3}$/u;

type Range = readonly [start: number, end: number];
type Context = Pick<RichTextProps, 'text' | 'ownId'>;

/** Renders a range: plain text between the outermost entities, and each entity with those within it. */
function partsOf(context: Context, entities: readonly ChatEntity[], [start, end]: Range): ReactNode[] {
  const parts: ReactNode[] = [];
  let at = start;
  for (let index = 0; index < entities.length;) {
    const entity = entities[index]!;
    const { offset, length } = entity;
    const stop = Math.min(offset + length, end);
    let next = index + 1;
    while (next < entities.length && entities[next]!.offset < stop) next++;
    parts.push(context.text.slice(at, offset));
    parts.push(
      <Part key={offset} entity={entity} text={context.text.slice(offset, stop)} ownId={context.ownId}>
        {partsOf(context, entities.slice(index + 1, next), [offset, stop])}
      </Part>,
    );
    at = stop;
    index = next;
  }
  parts.push(context.text.slice(at, end));
  return parts;
}

interface PartProps {
  readonly entity: ChatEntity;
  readonly text: string;
  readonly ownId: string;
  readonly children: ReactNode;
}

function Part({ entity, text, ownId, children }: PartProps) {
  switch (entity.type) {
    case 'bold':
      return <strong>{children}</strong>;
    case 'italic':
      return <em>{children}</em>;
    case 'strike':
      return <s>{children}</s>;
    case 'code':
      return <code dir="ltr">{children}</code>;
    case 'pre':
      return (
        <pre dir="ltr" tabIndex={0} aria-label={entity.language ? `Code, ${entity.language}` : 'Code'}>
          <code>{text}</code>
        </pre>
      );
    case 'quote':
      return <blockquote>{children}</blockquote>;
    case 'link':
      return (
        <a href={entity.url} target="_blank" rel="noopener noreferrer nofollow">
          {children}
        </a>
      );
    case 'mention':
      return (
        <span className="mention" data-own={entity.userId === ownId || undefined}>
          {children}
        </span>
      );
  }
}
