interface Answer {
  readonly about: RegExp;
  readonly text: string;
}

const ANSWERS: readonly Answer[] = [
  {
    about: /\b(hi|hello|hey|good (morning|evening|day))\b/i,
    text: 'Hello! Ask me how this chat keeps messages, what happens while you are offline, or how my answer reaches you word by word.',
  },
  {
    about: /offline|connection|reload|lost|tunnel/i,
    text: 'What you write without a connection waits in the outbox of your browser. It survives a reload, and it is sent once the connection is back. Each message has an id that your browser chose, so the server stores it once, however often it arrives. Try it: switch your network off, write something, reload the page, and switch the network on again.',
  },
  {
    about: /token|stream|word by word|grow|typing/i,
    text: 'My answer is one message that grows. The server stores it while I still write, and publishes each new piece with its position. Who opens the room in the middle gets all of the text so far. The button below stops me, on any server.',
  },
  {
    about: /server|cluster|redis|scale/i,
    text: 'Run `npm run start:cluster` for two servers with a Redis between them. A message is committed to the database first, together with its place in an outbox. One server relays the outbox to the channels under a lease, and another one takes over when it dies. So the database and the channels agree.',
  },
  {
    about: /code|example|nest|module|install/i,
    text: 'The server of this chat is small:\n```ts\n@Module({\n  imports: [\n    StreamsModule.forRoot({ authenticator: DemoAuthenticator }),\n    ChatModule.forRoot({ users: DemoUsers }),\n  ],\n})\nexport class AppModule {}\n```\nThe page uses the hooks of `@nestwire/chat/react`. **Both are in this repository**: `apps/chat-server` and `apps/chat-web`.',
  },
  {
    about: /long|story|poem|tell me/i,
    text: 'A wren built a nest beside a telegraph wire. Each morning the wire hummed, and the wren listened. “What does it say?” asked the others. “It says that somebody far away is awake,” said the wren. “It says the weather before the weather comes. It says one thing at a time, and it says nothing twice.”\n\nOne night a storm broke the wire. In the morning it was silent, and the wren waited. The men came with ladders, the wire was whole again by noon, and the wren sat down beside it. First came all the words of the night, in the order in which they had been sent. Then came the words of the day.\n\n“Did you miss anything?” asked the others. “No,” said the wren. “I was only late.”',
  },
];

const OTHERWISE =
  'I am a fake model, so I know little. I can tell you about the *connection*, the *servers*, the *code*, my *streamed* answers, or a *story*.';

/** Returns the answer of the fake model. */
export function answerTo(question: string): string {
  return ANSWERS.find(({ about }) => about.test(question))?.text ?? OTHERWISE;
}
