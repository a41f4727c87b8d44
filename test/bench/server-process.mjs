// The server of one contender, in a process of its own; it accounts for its own CPU time.
import { answerParent } from './child.mjs';

answerParent({
  async start({ serverFile, kind }) {
    const { serve } = await import(`./peers/${serverFile}`);
    return { port: await serve(kind) };
  },
  cpu() {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system };
  },
});
