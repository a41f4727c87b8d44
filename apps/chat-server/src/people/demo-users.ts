import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { chatServer, ChatService, ChatUsers, type ChatProfile } from '@nestwire/chat';
import { teamProfile } from './team.js';
import { isVisitor, profileOf } from './visitors.js';

/** Everybody is a member of this room. */
const ROOM_OF_ALL = 'lobby';
const MAX_SEARCHED = 100;

/** Supplies the team, the assistant and the visitors. */
@Injectable()
export class DemoUsers extends ChatUsers {
  constructor(private readonly moduleRef: ModuleRef) {
    super();
  }

  findMany(ids: readonly string[]): readonly ChatProfile[] {
    return ids.flatMap((id) => teamProfile(id) ?? (isVisitor(id) ? profileOf(id) : []));
  }

  override async search(text: string): Promise<readonly ChatProfile[]> {
    // The chat injects this class, so it finds the chat later.
    const { lists } = this.moduleRef.get(ChatService, { strict: false });
    const { entries } = await lists.members(chatServer(), ROOM_OF_ALL, { limit: MAX_SEARCHED });
    return entries.map(({ user }) => user).filter(({ name }) => fold(name).includes(fold(text)));
  }
}

/** Returns a text without marks and upper case, so that `ines` finds `Inês`. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
