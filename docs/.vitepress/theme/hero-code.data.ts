import { readFileSync } from 'node:fs';
import { createMarkdownRenderer } from 'vitepress';
import { regionOf } from '../../../test/docs/page.mjs';

const ROOT = new URL('../../../', import.meta.url);

/** Two blocks of code for the start page, as HTML. The tests run both. */
export interface HeroCode {
  readonly server: string;
  readonly client: string;
}

declare const data: HeroCode;
export { data };

export default {
  async load(): Promise<HeroCode> {
    const theme = { light: 'github-light', dark: 'github-dark-dimmed' } as const;
    const markdown = await createMarkdownRenderer('docs', { theme });
    const render = (file: string, region: string) => {
      const source = readFileSync(new URL(`test/docs/readme/${file}.ts`, ROOT), 'utf8');
      return markdown.render(`\`\`\`ts\n${regionOf(source, region)}\`\`\``);
    };
    return { server: render('server', 'endpoint'), client: render('page', 'page') };
  },
};
