import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Bundles the script of a page, from the sources; it can stand in the page's HTML. */
export async function bundleOf(file: string): Promise<string> {
  const source = (lib: string, entry = 'index') =>
    fileURLToPath(new URL(`../../libs/${lib}/src/${entry}.ts`, import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    alias: {
      '@nestwire/chat/client': source('chat', 'client'),
      '@nestwire/chat/react': source('chat', 'react'),
      '@nestwire/client': source('client'),
      '@nestwire/client/react': source('client', 'react'),
      '@nestwire/client/vue': source('client', 'vue'),
      '@nestwire/protocol': source('protocol'),
      '@nestwire/protocol/codec': source('protocol', 'codec'),
      '@nestwire/protocol/internal': source('protocol', 'internal'),
    },
    bundle: true,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    logLevel: 'error',
  });
  return outputFiles[0]!.text.replaceAll('</script', '<\\/script');
}
