import { checkUserId, hasControl } from '../policy/chat-actor.js';
import { exceeded, invalid } from '../limits/checks.js';
import { compareEntities, ENTITY_TYPES, type ChatEntity, type ChatEntityType } from './chat-entity.js';

const MAX_URL = 2_048;
const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);
const LANGUAGE = /^[A-Za-z0-9+#._-]{1,32}$/;
/** The entities whose text is taken as it is. */
const VERBATIM: ReadonlySet<ChatEntityType> = new Set(['code', 'pre']);
/** The property that a type has beside the range; only `language` may be left out. */
const DETAILS: Partial<Record<ChatEntityType, 'url' | 'userId' | 'language'>> = {
  link: 'url',
  mention: 'userId',
  pre: 'language',
};

/**
 * Returns the entities of a text in their order.
 *
 * They are sorted by their beginning, the containing one first.
 *
 * @throws {ChatError} CHAT_INVALID for a range outside of the text or inside of a character, ranges that overlap,
 *   a type within itself, an entity in code, and an address other than http, https and mailto
 * @throws {ChatError} CHAT_LIMIT_EXCEEDED when they are too many
 */
export function checkEntities(
  text: string,
  entities: readonly ChatEntity[],
  maxEntities: number,
): readonly ChatEntity[] {
  if (!Array.isArray(entities)) throw invalid('entities is a list');
  if (entities.length > maxEntities) throw exceeded(`A message has at most ${maxEntities} entities`);
  const sorted = entities.map((entity) => checkEntity(text, entity)).sort(compareEntities);
  checkNesting(sorted);
  return sorted;
}

/** Returns a copy that has the known properties alone. */
function checkEntity(text: string, entity: ChatEntity): ChatEntity {
  const { type, offset, length } = Object(entity) as ChatEntity;
  if (!ENTITY_TYPES.includes(type))
    throw invalid(`The type of an entity is one of ${ENTITY_TYPES.join(', ')}`);
  const isRange = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length > 0;
  if (!isRange || offset + length > text.length) throw invalid('An entity is a range of the text');
  if (isInsideOfCharacter(text, offset) || isInsideOfCharacter(text, offset + length))
    throw invalid('An entity begins and ends between two characters');
  for (const name of ['url', 'userId', 'language'] as const)
    if (entity[name] !== undefined && DETAILS[type] !== name)
      throw invalid(`An entity of the type ${type} has no ${name}`);
  return { type, offset, length, ...checkDetail(entity) };
}

function checkDetail({ type, url, userId, language }: ChatEntity): Partial<ChatEntity> {
  if (type === 'link') return { url: checkUrl(url) };
  if (type === 'mention') return { userId: checkUserId(userId!) };
  if (language === undefined) return {};
  if (typeof language !== 'string' || !LANGUAGE.test(language))
    throw invalid('The language of an entity is 1 to 32 characters of A-Z a-z 0-9 + # . _ -');
  return { language };
}

function checkUrl(url: unknown): string {
  const isText = typeof url === 'string' && url.length <= MAX_URL && !hasControl(url);
  if (isText && URL.canParse(url) && SCHEMES.has(new URL(url).protocol)) return url;
  throw invalid(
    `The address of a link begins with http:, https: or mailto: and has at most ${MAX_URL} characters`,
  );
}

/** Walks through the sorted entities with the stack of those that are open. */
function checkNesting(sorted: readonly ChatEntity[]): void {
  const open: ChatEntity[] = [];
  for (const entity of sorted) {
    while (open.length > 0 && endOf(open.at(-1)!) <= entity.offset) open.pop();
    const outer = open.at(-1);
    if (outer && endOf(entity) > endOf(outer)) throw invalid('The entities of a text do not overlap');
    if (outer && VERBATIM.has(outer.type)) throw invalid('An entity of code contains no other entity');
    if (open.some(({ type }) => type === entity.type))
      throw invalid(`An entity of the type ${entity.type} contains none of the same type`);
    open.push(entity);
  }
}

function endOf({ offset, length }: ChatEntity): number {
  return offset + length;
}

function isInsideOfCharacter(text: string, at: number): boolean {
  return isIn(text.charCodeAt(at), 0xdc00) && isIn(text.charCodeAt(at - 1), 0xd800);
}

/** Tells whether a unit is in the 1,024 surrogates from the first one on. */
function isIn(unit: number, first: number): boolean {
  return unit >= first && unit < first + 0x400;
}
