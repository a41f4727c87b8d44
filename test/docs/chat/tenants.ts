import { Inject, Injectable } from '@nestjs/common';
import { chatUser, ChatUsers, type ChatActor, type ChatProfile } from '@nestwire/chat';

interface Directory {
  findByIds(company: string, ids: readonly string[]): Promise<readonly ChatProfile[]>;
}

// #region users
export interface CompanyUser {
  readonly id: string;
  readonly company: string;
}

@Injectable()
export class CompanyUsers extends ChatUsers {
  constructor(@Inject('Directory') private readonly directory: Directory) {
    super();
  }

  findMany(ids: readonly string[], tenant: string): Promise<readonly ChatProfile[]> {
    return this.directory.findByIds(tenant, ids);
  }

  /** The user is the one that the authenticator has returned. */
  override actorOf({ id, company }: CompanyUser): ChatActor {
    return chatUser(id, company);
  }
}
// #endregion users
