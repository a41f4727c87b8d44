// The server of one contender, in a process of its own; it accounts for its own CPU time.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { answerParent } from '../rig/child.mjs';

const inspector = new Session();

answerParent({
  async start({ serverFile, kind }) {
    const { serve } = await import(`./peers/${serverFile}`);
    return { port: await serve(kind) };
  },
  cpu() {
    const { user, system } = process.cpuUsage();
    return { user, system };
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
