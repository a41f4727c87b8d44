// A process of one build: a server, or a page that is connected to one. It uses the built packages.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { createStreamClient } from '@nestwire/client';
import { create, StreamGap } from '@nestwire/protocol';
import { answerParent } from '../../rig/child.mjs';

const { AppModule, Opened, Moved } = await import(process.env.DEPLOY_BUILD ?? '');
const CLASSES = { Opened, Moved };

/** @type {any} */
let app;
/** @type {any} */
let client;
/** @type {object[]} */
const received = [];
/** @type {string[]} */
const warnings = [];
let contracts = 0;

answerParent({
  serve: async () => {
    app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    return app.getHttpServer().address().port;
  },
  close: () => app.close(),
  connect: async ({ url }) => {
    client = createStreamClient()({
      url,
      messages: [Opened, Moved, StreamGap],
      onWarning: (/** @type {string} */ text) => warnings.push(text),
      minRetryMs: 10,
      maxRetryMs: 50,
    });
    client.addContractListener(() => contracts++);
    // The server has subscribed the stream to the channel when it is open.
    const opened = new Promise((resolve) => client.tickets.addStreamOpenedListener(resolve));
    void read(client.tickets.stream);
    await Promise.all([client.connectWebSocket(), opened]);
  },
  send: ({ name, properties }) =>
    client.tickets.sendStreamMessage(create(CLASSES[/** @type {'Opened'} */ (name)], properties)).then(
      () => 'answered',
      (/** @type {{ code: string }} */ { code }) => code,
    ),
  seen: () => ({ received, warnings, contracts }),
});

/** @param {AsyncIterable<any>} stream */
async function read(stream) {
  for await (const message of stream) received.push({ $type: message.$type, ...message });
}
