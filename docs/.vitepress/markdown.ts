import type { MarkdownEnv, MarkdownRenderer } from 'vitepress';
import { sourceAddress } from './github.js';

/** Makes links of pages to files outside of `docs` lead to the repository. */
export function linkSources(md: MarkdownRenderer): void {
  md.core.ruler.push('link-sources', ({ tokens, env }) => {
    const { relativePath: page = '' } = env as Partial<MarkdownEnv>;
    if (page.startsWith('api/')) return;
    for (const link of tokens.flatMap((token) => token.children ?? [])) {
      const address = link.type === 'link_open' && sourceAddress(String(link.attrGet('href')), page);
      if (address) link.attrSet('href', address);
    }
  });
}

/** Wraps diagrams, so that a phone scrolls them instead of shrinking their text. */
export function wrapDiagrams(md: MarkdownRenderer): void {
  const image = md.renderer.rules.image!;
  md.renderer.rules.image = (tokens, at, options, env, self) => {
    const html = image(tokens, at, options, env, self);
    const isDiagram = String(tokens[at]!.attrGet('src')).endsWith('.svg');
    return isDiagram ? `<span class="diagram" tabindex="0">${html}</span>` : html;
  };
}
