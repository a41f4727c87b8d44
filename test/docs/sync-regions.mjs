// `npm run docs:sync`: writes every code block that names a region from its file.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { docPages } from './doc-pages.mjs';
import { withRegions } from './page.mjs';

const pages = [
  'README.md',
  ...docPages().map((name) => `docs/${name}`),
  ...readdirSync('libs').map((name) => `libs/${name}/README.md`),
];
for (const path of pages.filter((name) => name.endsWith('.md') && existsSync(name))) {
  const before = readFileSync(path, 'utf8');
  const after = withRegions(before, (file) => readFileSync(file, 'utf8'));
  if (after === before) continue;
  writeFileSync(path, after);
  console.log(`wrote ${path}`);
}
