// The page of the site's first screen; run by guides.spec.ts.
import type { StreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import { Greet } from './messages.js';
import type { AppStreams } from './server.js';

export async function showGreetings(client: StreamClient<AppStreams>, show: (text: string) => void) {
  // #region page
  await client.greeter.sendStreamMessage(create(Greet, { name: 'Ada' }));

  for await (const { text } of client.greeter.stream) show(text);
  // #endregion page
}
