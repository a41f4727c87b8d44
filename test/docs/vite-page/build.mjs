// `node build.mjs FOLDER`: builds vite-page/main.ts below a folder with Vite, with the sources of the libraries.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const [root] = process.argv.slice(2);
const libs = fileURLToPath(new URL('../../../libs/', import.meta.url));

await build({
  root,
  configFile: false,
  logLevel: 'error',
  resolve: {
    alias: [
      { find: /^@nestwire\/(client|protocol)$/, replacement: `${libs}$1/src/index.ts` },
      { find: /^@nestwire\/protocol\/(codec|internal)$/, replacement: `${libs}protocol/src/$1.ts` },
    ],
  },
  build: {
    outDir: 'out',
    minify: false,
    lib: { entry: join(root, 'vite-page/main.ts'), formats: ['es'], fileName: () => 'main.mjs' },
  },
});
