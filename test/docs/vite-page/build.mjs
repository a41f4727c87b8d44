// `node build.mjs FOLDER`: builds vite-page/main.ts below a folder with Vite, with the sources of the libraries.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const [root] = process.argv.slice(2);
const source = (lib) => fileURLToPath(new URL(`../../../libs/${lib}/src/index.ts`, import.meta.url));

await build({
  root,
  configFile: false,
  logLevel: 'error',
  resolve: { alias: { '@nestwire/client': source('client'), '@nestwire/protocol': source('protocol') } },
  build: {
    outDir: 'out',
    minify: false,
    lib: { entry: join(root, 'vite-page/main.ts'), formats: ['es'], fileName: () => 'main.mjs' },
  },
});
