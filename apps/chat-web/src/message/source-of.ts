import type { ChatEntity } from '@nestwire/chat/client';

/** Returns a text with the marks that `parseText` reads, for the author who edits it. */
export function sourceOf(text: string, entities: readonly ChatEntity[]): string {
  const marks: { readonly at: number; readonly order: number; readonly mark: string }[] = [];
  for (const [index, entity] of entities.entries()) {
    const { offset, length } = entity;
    const [open, close] = marksOf(entity, text.slice(offset, offset + length));
    // The marks of an inner range stand within those of the outer one.
    marks.push({ at: offset, order: index + 1, mark: open });
    marks.push({ at: offset + length, order: -index - 1, mark: close });
  }
  marks.sort((a, b) => a.at - b.at || a.order - b.order);
  let source = '';
  let from = 0;
  for (const { at, mark } of marks) {
    source += text.slice(from, at) + mark;
    from = at;
  }
  return source + text.slice(from);
}

function marksOf(
  { type, url, language = '' }: ChatEntity,
  text: string,
): readonly [open: string, close: string] {
  switch (type) {
    case 'bold':
      return ['**', '**'];
    case 'italic':
      return ['*', '*'];
    case 'strike':
      return ['~~', '~~'];
    case 'code':
      return ['`', '`'];
    case 'pre':
      return [`\`\`\`${language}\n`, '\n```'];
    case 'quote':
      return ['> ', ''];
    case 'link':
      return text === url ? ['', ''] : ['[', `](${url})`];
    case 'mention':
      return ['', ''];
  }
}
