// Loaded by `--import` with the names of sabotages behind a question mark; it registers itself for what is loaded.
import { register } from 'node:module';
import { CHANGES } from './sabotage.mjs';

let changes = [];

{
  const names = new URL(import.meta.url).search.slice(1);
  if (names) register(import.meta.url.split('?')[0], { data: names.split(',') });
}

/** Takes over the names in the thread that loads modules. */
export function initialize(names) {
  changes = names.flatMap((name) => CHANGES[name]);
}

/** Changes the source of what is loaded. */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const wanted = changes.filter(([file]) => url.endsWith(file));
  if (wanted.length === 0) return loaded;
  let source = String(loaded.source);
  for (const [file, from, to] of wanted) {
    if (!source.includes(from)) throw new Error(`${file} has changed: ${from} is not there to be sabotaged.`);
    source = source.replaceAll(from, () => to);
  }
  return { ...loaded, source };
}
