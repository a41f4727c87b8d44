import { ChatModule } from '@nestwire/chat';
import { AppUsers } from './server.js';

// #region rights
export const chat = ChatModule.forRoot({
  users: AppUsers,
  types: {
    news: { access: 'open', rights: { 'message.post': ['owner', 'moderator'] } },
    team: {
      rights: { 'channel.invite': ['owner', 'moderator', 'member'] },
      limits: { maxTextLength: 10_000 },
    },
    direct: { rights: { 'message.pin': [] }, limits: { maxAttachments: 3, postsPerWindow: 30 } },
  },
});
// #endregion rights
