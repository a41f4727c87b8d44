// The start of the page of docs/stream-tokens.md.
// #region main
import { StreamClientProvider } from '@nestwire/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Assistant } from './assistant.js';
import { client } from './client.js';

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <StreamClientProvider client={client}>
      <Assistant />
    </StreamClientProvider>
  </StrictMode>,
);
// #endregion main
