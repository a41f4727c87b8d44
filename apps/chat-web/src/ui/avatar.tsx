import type { ChatProfile } from '@nestwire/chat/client';
import { authorColour } from './author-colour.js';
import './avatar.css';

interface AvatarProps {
  readonly user: ChatProfile | null;
  /** True for a green mark; undefined for none. */
  readonly isPresent?: boolean | undefined;
  readonly size?: 'tiny' | 'small' | 'medium' | 'large';
}

/** The initials of a user in the colour of the user; decorative, because the name is beside it. */
export function Avatar({ user, isPresent, size = 'medium' }: AvatarProps) {
  return (
    <span
      className="avatar"
      data-size={size}
      data-present={isPresent === undefined ? undefined : isPresent}
      style={authorColour(user?.id ?? '')}
      aria-hidden="true"
    >
      {user?.avatarUrl ? <img src={user.avatarUrl} alt="" /> : initialsOf(user?.name ?? '–')}
    </span>
  );
}

const segmenter = new Intl.Segmenter();

function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const picked = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return picked.map(firstOf).join('').toLocaleUpperCase();
}

function firstOf(word: string): string {
  for (const { segment } of segmenter.segment(word)) return segment;
  return '';
}
