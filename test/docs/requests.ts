// The code about requests in docs/sessions.md; compiled with the tests, and run by requests.spec.ts.
import { create, StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession, type Asks } from '@nestwire/streams';
import { IsBoolean, IsString, MaxLength } from 'class-validator';

@StreamMessage('account.delete')
export class DeleteAccount {
  declare readonly $type: 'account.delete';
}

@StreamMessage('account.deleted')
export class AccountDeleted {
  declare readonly $type: 'account.deleted';
}

// #region ask
@StreamMessage('account.confirm')
export class Confirm {
  declare readonly $type: 'account.confirm';
  @IsString() @MaxLength(200) question!: string;
}

@StreamMessage('account.confirmed')
export class Confirmed {
  declare readonly $type: 'account.confirmed';
  @IsBoolean() isAgreed!: boolean;
}

@StreamEndpoint('account')
export class AccountEndpoint {
  @OnStreamMessage(DeleteAccount)
  async delete(
    session: StreamSession<AccountDeleted | Asks<Confirm, Confirmed>>,
    _message: DeleteAccount,
  ): Promise<AccountDeleted | undefined> {
    const question = create(Confirm, { question: 'Delete everything?' });
    const { isAgreed } = await session.request(question, { reply: Confirmed, timeoutMs: 60_000 });
    return isAgreed ? create(AccountDeleted) : undefined;
  }
}
// #endregion ask
