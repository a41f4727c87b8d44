import { Injectable } from '@nestjs/common';
import { ChatUsers, type ChatProfile } from '@nestwire/chat';
import { teamProfile } from './team.js';
import { isVisitor, profileOf } from './visitors.js';

/** Supplies the team, the assistant and the visitors. */
@Injectable()
export class DemoUsers extends ChatUsers {
  findMany(ids: readonly string[]): readonly ChatProfile[] {
    return ids.flatMap((id) => teamProfile(id) ?? (isVisitor(id) ? profileOf(id) : []));
  }
}
