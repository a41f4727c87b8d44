import { chatServer, type ChatChange, type ChatService, type MessageRecipient } from '@nestwire/chat';

// #region recipients
/** Yields the recipients of the message of a change, page by page. */
export async function* recipientsOf(
  chat: ChatService,
  { tenant, channelId, seq }: ChatChange,
): AsyncGenerator<readonly MessageRecipient[]> {
  const [server, place] = [chatServer({ tenant }), { channelId, seq: seq! }];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await chat.history.recipients(server, place, { limit: 100, ...(cursor && { cursor }) });
    yield page.entries;
    cursor = page.next;
  }
}
// #endregion recipients
