import { compareEntities, MAX_ENTITIES, type ChatEntity, type ChatEntityType } from './chat-entity.js';

/** A text with its entities, as a message has them. */
export interface ParsedText {
  readonly text: string;
  readonly entities: readonly ChatEntity[];
  /** The ids of the users that the text mentions, each once. */
  readonly mentions: readonly string[];
}

/** A user that a text may mention. */
export interface MentionedUser {
  readonly id: string;
  readonly name: string;
}

type Mark = readonly [mark: string, type: ChatEntityType];

/** A longer mark precedes one that it begins with. */
const MARKS: readonly Mark[] = [
  ['**', 'bold'],
  ['~~', 'strike'],
  ['*', 'italic'],
  ['_', 'italic'],
];
const FENCE = /^```([A-Za-z0-9+#._-]{0,32})[ \t]*\n([^]*?)^```[ \t]*$/m;
const LINK = /^\[([^[\]\n]+)\]\(((?:https?:\/\/|mailto:)[^\s()]+)\)/;
const BARE = /^https?:\/\/[^\s<>"`*]+/;
const UNSAFE = /[\p{Cc}\p{Surrogate}]/u;
const MAX_URL = 2_048;
const TRAILING = /[.,:;!?'")\]]+$/;
const WORD = /[\p{L}\p{N}_]/u;

/**
 * Reads a text with the marks that people type.
 *
 * The marks are `**bold**`, `*italic*`, `_italic_`, `~~strike~~`, code in backticks, fences of three backticks, lines
 * that begin with `> `, `[text](url)`, addresses, and `@name` of the given users. A backslash before a mark keeps the
 * mark. Marks without an end stay as they are. It never throws.
 */
export function parseText(
  source: string,
  { mentions = [] }: { readonly mentions?: readonly MentionedUser[] } = {},
): ParsedText {
  const parser = new Parser(mentions.toSorted((a, b) => b.name.length - a.name.length));
  parser.blocks(source);
  const entities = parser.entities.sort(compareEntities);
  const users = entities.flatMap(({ userId }) => (userId === undefined ? [] : [userId]));
  return { text: parser.text, entities, mentions: [...new Set(users)] };
}

class Parser {
  text = '';
  readonly entities: ChatEntity[] = [];
  /** The types that are open; none is opened within itself. */
  private readonly open = new Set<ChatEntityType>();

  constructor(private readonly users: readonly MentionedUser[]) {}

  blocks(source: string): void {
    for (let rest = source; ;) {
      const fence = FENCE.exec(rest);
      this.quotes(fence ? rest.slice(0, fence.index) : rest);
      if (!fence) return;
      const [all, language, code] = fence;
      this.mark('pre', () => (this.text += code!.replace(/\n$/, '')), language ? { language } : {});
      rest = rest.slice(fence.index + all.length);
    }
  }

  private quotes(source: string): void {
    for (const [part] of source.matchAll(/(?:^> .*\n?)+|(?:^(?!> ).*\n?)+/gm)) {
      const hasBreak = part.endsWith('\n');
      const body = hasBreak ? part.slice(0, -1) : part;
      if (part.startsWith('> ')) this.mark('quote', () => this.inline(body.replace(/^> /gm, '')));
      else this.inline(body);
      if (hasBreak) this.text += '\n';
    }
  }

  private inline(source: string): void {
    for (let at = 0; at < source.length;) {
      const length =
        this.escaped(source, at) ||
        this.code(source, at) ||
        this.marked(source, at) ||
        this.link(source, at) ||
        this.mention(source, at);
      if (length === 0) this.text += source[at];
      at += length || 1;
    }
  }

  private escaped(source: string, at: number): number {
    if (source[at] !== '\\' || !/^[\\`*_~[\]>@]/.test(source.slice(at + 1, at + 2))) return 0;
    this.text += source[at + 1];
    return 2;
  }

  private code(source: string, at: number): number {
    const end = source[at] === '`' ? source.indexOf('`', at + 1) : -1;
    if (end <= at + 1) return 0;
    this.mark('code', () => (this.text += source.slice(at + 1, end)));
    return end + 1 - at;
  }

  private marked(source: string, at: number): number {
    for (const [mark, type] of MARKS) {
      if (!source.startsWith(mark, at) || this.open.has(type)) continue;
      const from = at + mark.length;
      const end = closeOf(source, mark, from);
      if (end < 0) continue;
      this.mark(type, () => this.inline(source.slice(from, end)));
      return end + mark.length - at;
    }
    return 0;
  }

  private link(source: string, at: number): number {
    if (this.open.has('link') || !'[h'.includes(source[at]!) || isWordAt(source, at - 1)) return 0;
    const [all, label, target] = LINK.exec(source.slice(at)) ?? [];
    if (all && isAddress(target!)) {
      this.mark('link', () => this.inline(label!), { url: target! });
      return all.length;
    }
    const url = BARE.exec(source.slice(at))?.[0].replace(TRAILING, '');
    if (!url || !isAddress(url)) return 0;
    this.mark('link', () => (this.text += url), { url });
    return url.length;
  }

  private mention(source: string, at: number): number {
    if (source[at] !== '@' || this.open.has('mention') || isWordAt(source, at - 1)) return 0;
    const user = this.users.find(
      ({ name }) => name && source.startsWith(name, at + 1) && !isWordAt(source, at + 1 + name.length),
    );
    if (!user) return 0;
    this.mark('mention', () => (this.text += `@${user.name}`), { userId: user.id });
    return user.name.length + 1;
  }

  /** Writes a part of the text, and the entity of its range. */
  private mark(type: ChatEntityType, write: () => unknown, detail: Partial<ChatEntity> = {}): void {
    const offset = this.text.length;
    this.open.add(type);
    write();
    this.open.delete(type);
    const length = this.text.length - offset;
    if (length > 0 && this.entities.length < MAX_ENTITIES)
      this.entities.push({ type, offset, length, ...detail });
  }
}

/** Finds the mark that closes one: text, not a space, is on its inner side, and `_` is not inside of a word. */
function closeOf(source: string, mark: string, from: number): number {
  const isWordMark = mark === '_';
  if (/^\s?$/.test(source[from] ?? '') || (isWordMark && isWordAt(source, from - 2))) return -1;
  for (let end = source.indexOf(mark, from + 1); end >= 0; end = source.indexOf(mark, end + 1)) {
    const isClosed = !/[\s\\]/.test(source[end - 1]!) && !(isWordMark && isWordAt(source, end + 1));
    // Of three stars, the last two close `**`; of two, none closes `*`.
    const isOther =
      mark === '*' ? source[end + 1] === '*' || source[end - 1] === '*' : source[end + 2] === '*';
    if (isClosed && !(mark.includes('*') && isOther)) return end;
  }
  return -1;
}

function isWordAt(source: string, at: number): boolean {
  return at >= 0 && at < source.length && WORD.test(String.fromCodePoint(source.codePointAt(at)!));
}

function isAddress(url: string): boolean {
  return url.length <= MAX_URL && !UNSAFE.test(url) && URL.canParse(url);
}
