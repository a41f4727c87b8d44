// A server of one contender, in a process of its own; it accounts for its own CPU time and memory.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { createRequire } from 'node:module';
import { answerParent } from '../rig/child.mjs';
import { collectGarbage } from './collect-garbage.mjs';

const inspector = new Session();
const requireOfWs = createRequire(createRequire(import.meta.url).resolve('ws'));

answerParent({
  async start({ serverFile, classes, isNative, ...setup }) {
    // Proves that ws has it: without it, ws says nothing and does the same in JavaScript.
    if (isNative) requireOfWs('bufferutil');
    const { serve } = await import(`./peers/${serverFile}`);
    if (classes) {
      const { declareClasses } = await import('./peers/many-classes.mjs');
      declareClasses(classes);
    }
    return { port: await serve(setup) };
  },
  cpu() {
    const { user, system } = process.cpuUsage();
    return { user, system };
  },
  /** Resident bytes, when what could be collected was. Needs --expose-gc. */
  async rss() {
    await collectGarbage();
    return process.memoryUsage.rss();
  },
  async startProfile() {
    inspector.connect();
    await inspector.post('Profiler.enable');
    await inspector.post('Profiler.setSamplingInterval', { interval: 200 });
    await inspector.post('Profiler.start');
  },
  async stopProfile({ file }) {
    const { profile } = await inspector.post('Profiler.stop');
    writeFileSync(file, JSON.stringify(profile));
    return profile;
  },
});
