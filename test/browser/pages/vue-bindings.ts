// The script of a page with the Vue composables. The test reads its text and calls the functions of `page`.
import { createStreamClient } from '@nestwire/client';
import {
  streamClient,
  useCall,
  useConnectionStatus,
  useLatest,
  usePresence,
  useSend,
  useStream,
  useStreamClient,
} from '@nestwire/client/vue';
import { create, PresenceJoined, PresenceLeft, PresenceMembers, PresenceUpdated } from '@nestwire/protocol';
import { createApp, defineComponent, h, nextTick, ref } from 'vue';
import { countReaders, Note, Say, Score, type BoardStreams } from './bindings-messages.js';

const client = createStreamClient<BoardStreams>()({
  url: `ws://${location.host}/streams`,
  messages: [Note, Say, Score, PresenceMembers, PresenceJoined, PresenceUpdated, PresenceLeft],
});

const readers = countReaders(client.board.stream);
const NO_NOTES: readonly string[] = [];
const withNote = (notes: readonly string[], message: object): readonly string[] =>
  message instanceof Note ? [...notes, message.text] : notes;
const boards = ref(1);

const Board = defineComponent({
  setup() {
    const { board, wall } = useStreamClient<typeof client>();
    const counting = useCall(wall({ wallId: 'east' }).count);
    const adding = useCall(wall({ wallId: 'east' }).add);
    const counted = () => {
      const { items, isPending: isCounting } = counting.state.value;
      return items.map(({ value }) => value).join(' ') + (isCounting ? ' …' : '');
    };
    const added = () => {
      const { reply, error: failure } = adding.state.value;
      return failure ? (failure as Error).message : reply?.value;
    };
    const say = (text: string) => create(Say, { text });
    const status = useConnectionStatus();
    const notes = useStream(board.stream, withNote, NO_NOTES);
    const score = useLatest(board.stream, Score);
    const presence = usePresence(board.stream, 'board');
    const { send, isPending, error } = useSend(board);
    const members = () => (presence.value.isComplete ? presence.value.members.length : 'loading');
    const sending = () =>
      isPending.value ? 'pending' : error.value ? (error.value as Error).message : 'idle';
    const end = () => (notes.value.isEnded ? ' ended: closed' : '');
    return () => [
      h('p', { id: 'notes' }, notes.value.state.join(' ') + end()),
      h('p', { id: 'status' }, status.value.kind),
      h('p', { id: 'score' }, score.value?.value),
      h('p', { id: 'members' }, members()),
      h('p', { id: 'sending' }, sending()),
      h('button', { id: 'ok-0', onClick: () => void send(create(Say, { text: 'said' })) }),
      h('button', { id: 'bad-0', onClick: () => void send(create(Say, { text: 'bad' })) }),
      h('p', { id: 'counted' }, counted()),
      h('p', { id: 'added' }, added()),
      h('button', { id: 'count', onClick: () => void counting.start(say('3')) }),
      h('button', { id: 'count-on', onClick: () => void counting.start(say('on')) }),
      h('button', { id: 'stop', onClick: () => void counting.cancel() }),
      h('button', { id: 'add', onClick: () => void adding.start(say('7')) }),
      h('button', { id: 'add-bad', onClick: () => void adding.start(say('bad')) }),
    ];
  },
});

const page = {
  readers,
  async mountMany(times: number) {
    for (let n = 0; n < times; n++)
      for (const count of [0, 1]) {
        boards.value = count;
        await nextTick();
      }
    boards.value = 0;
    await nextTick();
  },
  close: () => client.close(),
};

Object.assign(globalThis, { page });
createApp({ render: () => (boards.value ? h(Board) : undefined) })
  .use(streamClient(client))
  .mount('#root');
