// #region config
import { defineConfig } from 'vite';

export default defineConfig({
  // Keep the plugins of the template here.
  server: {
    proxy: {
      '/streams': { target: 'ws://localhost:3000', ws: true },
      '/chat/files': 'http://localhost:3000',
    },
  },
});
// #endregion config
