import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev -w chat-web` serves the page beside a chat server on port 3000.
export default defineConfig({
  plugins: [react()],
  // #region proxy
  server: {
    proxy: {
      '/streams': { target: 'ws://localhost:3000', ws: true },
      '/session': 'http://localhost:3000',
      '/blocks': 'http://localhost:3000',
      '/chat': 'http://localhost:3000',
    },
  },
  // #endregion proxy
});
