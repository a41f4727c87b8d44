// A server of the chat under faults. Told by its parent what to do; it uses the built packages.
import 'reflect-metadata';
import { ChatHooks, ChatModule, ChatService, ChatUsers, chatServer, chatUser } from '@nestwire/chat';
import { ChatDatabase } from '../../../libs/chat/dist/database/chat-database.js';
import { answerParent } from '../../rig/child.mjs';
import { startFaultServer } from '../fault-server.mjs';
import { growIn, hasGrown } from './growing-source.mjs';
import { filesBelow, guestOf, tablesOf } from './chat-tables.mjs';

const UNLIMITED = 1e9;

let app;
let folder;
/** True when the next post that is stored here ends the process before its publication. */
let isDoomed = false;

class Users extends ChatUsers {
  /** @param {readonly string[]} ids */
  findMany(ids) {
    return ids.map((id) => ({ id, name: `The ${id}` }));
  }
}

class Death extends ChatHooks {
  /** @override */
  didSend() {
    // The relay has only asked for its lease: the answer needs a later turn of the event loop.
    if (isDoomed) process.kill(process.pid, 'SIGKILL');
  }
}

async function start({ redis, database, files }) {
  folder = files;
  app = await startFaultServer({
    redis,
    imports: [
      ChatModule.forRoot({
        users: Users,
        hooks: Death,
        database,
        guests: true,
        limits: { changesPerWindow: UNLIMITED },
        relay: { pollMs: 300, takeoverMs: 1_500 },
        growth: { storeMs: 300, deltaMs: 30, leaseMs: 1_500 },
        attachments: { folder, previews: false, maxUploads: 1_000, bytesPerDay: UNLIMITED },
      }),
    ],
    // Errors of the database and of Redis are what happens here; the judge tells what matters.
    logger: false,
  });
  return app.getHttpServer().address().port;
}

const chat = () => app.get(ChatService);

async function createChannel({ id, users: [owner, ...members] }) {
  await chat().channels.create(chatUser(owner), { id, type: 'private', members });
}

/** Adds the staff to the channel of a guest, and returns the id of the guest. */
async function admit({ channel, staff }) {
  for (const userId of staff)
    await chat().channels.setMember(chatServer(), channel, { userId, role: 'member' });
  return guestOf(app.get(ChatDatabase), channel);
}

async function stored({ channels }) {
  return { ...(await tablesOf(app.get(ChatDatabase), channels)), files: await filesBelow(folder) };
}

answerParent({
  ...{ start, createChannel, admit, stored },
  grow: (growth) => growIn(chat(), growth),
  hasGrown: ({ name }) => hasGrown(name),
  removeOrphans: () => chat().attachments.removeOrphans(),
  doom: () => void (isDoomed = true),
  close: () => app.close(),
});
