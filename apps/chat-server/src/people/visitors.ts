import { randomBytes } from 'node:crypto';
import type { ChatProfile } from '@nestwire/chat';

/** The end of a visitor's id. No id of the team has it. */
const VISITOR = /^(.+)#[a-z0-9]{8}$/u;

/** Makes the id of a new visitor. It has the name, so that the demo needs no table of users. */
export function visitorId(name: string): string {
  return `${name.normalize('NFC')}#${randomBytes(4).toString('hex')}`;
}

/** Returns the profile of a visitor by the id. */
export function profileOf(id: string): ChatProfile {
  return { id, name: VISITOR.exec(id)?.[1] ?? id };
}

/** Tells whether an id is that of a visitor. */
export function isVisitor(id: string): boolean {
  return VISITOR.test(id);
}
