import { createStreamClient, type StreamClient } from '@nestwire/client';
import { create, StreamGap } from '@nestwire/protocol';
import {
  applyGrowth,
  CHAT_MESSAGES,
  ChatBeginUpload,
  ChatChunk,
  ChatGrowth,
  ChatJoined,
  ChatLoadChanges,
  ChatLoadPage,
  ChatMessageEvent,
  ChatPost,
  ChatUploadFrom,
  parseText,
  textRuns,
  type ChatMessage,
  type ChatStreams,
  type ChatUpload,
} from '@nestwire/chat/client';

/** Shows a channel, and posts to it. */
export async function follow(
  url: string,
  token: string,
  show: (messages: ChatMessage[]) => void,
): Promise<void> {
  // #region client
  const client = createStreamClient<ChatStreams>()({ url, messages: CHAT_MESSAGES, auth: () => token });
  const channel = client.chatChannel({ channelId: 'lobby' });
  const newest = new Map<number, ChatMessage>();
  let revision = 0;

  const merge = (messages: readonly ChatMessage[]) => {
    for (const message of messages)
      if (message.revision > (newest.get(message.seq)?.revision ?? 0)) newest.set(message.seq, message);
    show([...newest.values()].sort((a, b) => a.seq - b.seq));
  };

  await client.connectWebSocket();
  await channel.post(create(ChatPost, { clientId: crypto.randomUUID(), text: 'Hello' }));
  for await (const event of channel.stream) {
    if (event instanceof ChatMessageEvent) merge([event.message]);
    if (event instanceof ChatJoined) {
      merge(event.messages);
      revision = Math.max(revision, event.revision);
    }
    if (event instanceof StreamGap) {
      let changes;
      do {
        changes = await channel.loadChanges(create(ChatLoadChanges, { revision }));
        merge(changes.messages);
        revision = changes.revision;
      } while (changes.hasMore);
    }
  }
  // #endregion client

  // #region marks
  const { text, entities } = parseText('**Hello** @Ann', { mentions: [{ id: 'ann', name: 'Ann' }] });
  await channel.post(create(ChatPost, { clientId: crypto.randomUUID(), text, entities: [...entities] }));
  for (const run of textRuns(text, entities)) console.log(run.text, run.entities);
  // #endregion marks

  async function onGrowth(growth: ChatGrowth): Promise<void> {
    // #region growth
    const known = newest.get(growth.seq);
    const grown = known && applyGrowth(known, growth);
    if (grown) newest.set(growth.seq, grown);
    else merge((await channel.loadPage(create(ChatLoadPage, { around: growth.seq, limit: 1 }))).messages);
    // #endregion growth
  }
  for await (const event of channel.stream) if (event instanceof ChatGrowth) await onGrowth(event);
}

type ChannelHandle = ReturnType<StreamClient<ChatStreams>['chatChannel']>;

// #region upload
export async function send(channel: ChannelHandle, file: File): Promise<void> {
  const clientId = crypto.randomUUID();
  const begin = create(ChatBeginUpload, { clientId, name: file.name, size: file.size });
  const upload = await channel.beginUpload(begin);
  const { id, offset } = upload;
  const chunks = chunksOf(file, upload);
  const { attachment } = await channel.upload(create(ChatUploadFrom, { id, offset }), chunks);
  await channel.post(create(ChatPost, { clientId, text: '', attachmentIds: [attachment.id] }));
}

async function* chunksOf(file: File, { offset, chunkBytes }: ChatUpload): AsyncGenerator<ChatChunk> {
  for (let at = offset; at < file.size; at += chunkBytes) {
    const bytes = new Uint8Array(await file.slice(at, at + chunkBytes).arrayBuffer());
    yield create(ChatChunk, { bytes });
  }
}
// #endregion upload
