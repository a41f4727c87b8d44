import { callStepsOf } from '../rig/calls/call-steps.js';
import { CallWorld } from '../rig/calls/call-world.js';

let world: CallWorld;

beforeEach(async () => {
  world = await CallWorld.start();
  await world.begin();
});

afterEach(() => world.stop());

/** Runs that broke a promise once, as their reports tell them. */
const BROKE_ONCE: Readonly<Record<string, string>> = {
  'a call that the store has stored without an answer is read on another server':
    'failStore(0,0,0, 0),generate(1,0,5, 0),upload(1,1,0, settled),resumeIt(0,1,0, 0)',
  'a call is read on its server while the store has not answered that it is stored':
    'slowStore(0,0,8, 1),generate(1,0,6, 3),resumeIt(0,0,5, 0)',
  'a call is cancelled by its id without a connection':
    'generate(2,0,1, 0),watch(2,1,9, 1),cut(2,0,1, settled),cancelIt(1,0,4, 3)',
  'a server dies while its method waits': 'upload(2,0,2, 1),kill(0,1,3, 0),wait(0,2,5, 0)',
  'a client gives up a connection that it has left and reads nothing from':
    'handOver(2,2,6, settled),pause(0,2,0, 0),upload(1,2,4, 0),waitLong(1,1,1, settled)',
  'a call is sent again after it was cancelled by its id and forgotten':
    'generate(1,0,8, 3),offline(2,0,2, 0),cancelIt(1,1,5, 0),waitLong(1,1,1, settled)',
  'a reader ends because the store has failed, and the server of its call dies later':
    'generate(2,2,6, 3),failStore(1,2,7, 0),move(1,2,9, settled),wait(2,1,8, 3),kill(2,1,4, 3)',
  'a call that waits for its stream is cancelled by its id':
    'generate(2,1,2, 0),cut(1,0,1, 1),offline(2,1,5, 3),waitLong(0,0,0, settled),cancelIt(2,1,7, settled)',
  'a server that misses a notice learns of a cancellation between two steps of the clock':
    'generate(2,1,1, settled),cancelIt(1,0,7, 0),deafen(1,1,3, 1),goOn(0,2,4, 1),wait(1,0,9, 0)',
  'a call on such a server is cancelled from two devices':
    'generate(1,0,2, settled),deafen(0,0,6, settled),generate(1,0,3, 1),cancelIt(2,1,9, 0),cancelIt(0,0,8, settled),' +
    'wait(2,0,0, 1)',
};

describe('A run of calls that broke once', () => {
  it.each(Object.entries(BROKE_ONCE))('holds: %s', async (_what, report) => {
    const steps = callStepsOf(report);
    expect(steps.join()).toBe(report);
    for (const step of steps) await step.run(world);

    expect(await world.finish()).toEqual([]);
  });
});
