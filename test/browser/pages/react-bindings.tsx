// The script of a page with the React hooks. The test reads its text and calls the functions of `page`.
import { createStreamClient } from '@nestwire/client';
import {
  StreamClientProvider,
  useCall,
  useConnectionStatus,
  useLatest,
  usePresence,
  useSend,
  useStream,
  useStreamClient,
} from '@nestwire/client/react';
import { create, PresenceJoined, PresenceLeft, PresenceMembers, PresenceUpdated } from '@nestwire/protocol';
import { StrictMode, useState, type ReactElement } from 'react';
import { createRoot } from 'react-dom/client';
import { flushSync } from 'react-dom';
import { countReaders, Note, Say, Score, type BoardStreams } from './bindings-messages.js';
import { FIRST_STAGE, StagedBoards, suspendNext, type Stage } from './staged-boards.js';

const client = createStreamClient<BoardStreams>()({
  url: `ws://${location.host}/streams`,
  messages: [Note, Say, Score, PresenceMembers, PresenceJoined, PresenceUpdated, PresenceLeft],
});

const readers = countReaders(client.board.stream);
const keepMs = Number(new URLSearchParams(location.search).get('keepMs') ?? 5_000);
const NO_NOTES: readonly string[] = [];
const withNote = (notes: readonly string[], message: object): readonly string[] =>
  message instanceof Note ? [...notes, message.text] : notes;
let renderings = 0;

function Notes(): ReactElement {
  const { board } = useStreamClient<typeof client>();
  const { state, isEnded, error } = useStream(board.stream, withNote, NO_NOTES, { keepMs });
  renderings += 1;
  const end = isEnded ? ` ended: ${(error as Error | undefined)?.message ?? 'closed'}` : '';
  return <p id="notes">{state.join(' ') + end}</p>;
}

function Board({ id }: { readonly id: number }): ReactElement {
  const { board, wall } = useStreamClient<typeof client>();
  const status = useConnectionStatus();
  const score = useLatest(board.stream, Score);
  const { members, isComplete } = usePresence(board.stream, 'board');
  const { send, isPending, error } = useSend(board);
  // The parameters are a new object in each rendering.
  const east = wall({ wallId: 'east' });
  const counting = useCall(east.count);
  const adding = useCall(east.add);
  return (
    <section>
      <Notes />
      <p id="status">{status.kind}</p>
      <p id="score">{score?.value}</p>
      <p id="members">{isComplete ? members.length : 'loading'}</p>
      <p id="sending">{isPending ? 'pending' : error ? (error as Error).message : 'idle'}</p>
      <button id={`ok-${id}`} onClick={() => void send(create(Say, { text: 'said' }))} />
      <button id={`bad-${id}`} onClick={() => void send(create(Say, { text: 'bad' }))} />
      <p id="counted">
        {counting.items.map(({ value }) => value).join(' ') + (counting.isPending ? ' …' : '')}
      </p>
      <p id="added">{adding.error ? (adding.error as Error).message : adding.reply?.value}</p>
      <button id="count" onClick={() => void counting.start(create(Say, { text: '3' }))} />
      <button id="count-on" onClick={() => void counting.start(create(Say, { text: 'on' }))} />
      <button id="stop" onClick={() => void counting.cancel()} />
      <button id="add" onClick={() => void adding.start(create(Say, { text: '7' }))} />
      <button id="add-bad" onClick={() => void adding.start(create(Say, { text: 'bad' }))} />
    </section>
  );
}

let change!: (stage: Partial<Stage>) => void;

function App(): ReactElement {
  const [stage, setStage] = useState(FIRST_STAGE);
  change = (next) => setStage((before) => ({ ...before, ...next }));
  return (
    <StreamClientProvider client={client}>
      <StagedBoards stage={stage} board={(id) => <Board key={id} id={id} />} />
    </StreamClientProvider>
  );
}

const page = {
  readers,
  renderings: () => renderings,
  show: (stage: Partial<Stage>) => flushSync(() => change(stage)),
  suspend() {
    const resume = suspendNext();
    change({ version: Math.random() });
    return new Promise<void>((resolve) => setTimeout(() => (resume(), resolve()), 100));
  },
  async mountMany(times: number) {
    for (let n = 0; n < times; n++) for (const boards of [0, 1]) flushSync(() => change({ boards }));
    flushSync(() => change({ boards: 0 }));
  },
  /** Resolves after all messages that the server sent before. */
  roundTrip: () => client.wall({ wallId: 'west' }).add(create(Say, { text: '7' })),
  close: () => client.close(),
};

Object.assign(globalThis, { page });
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
