import { chatServer, type ChatService } from '@nestwire/chat';

// #region account
/** Gives a user all own data as lines of JSON. */
export async function* exportOf(chat: ChatService, userId: string): AsyncGenerator<string> {
  for await (const record of chat.privacy.export(chatServer(), userId)) yield `${JSON.stringify(record)}\n`;
}

/** Ends an account; returns the number of erased messages. */
export async function endAccount(chat: ChatService, userId: string): Promise<number> {
  return chat.privacy.erase(chatServer(), userId);
}
// #endregion account
