import { ChannelTruth } from './channel-truth.js';
import type { DeviceSnapshot } from './device-snapshot.js';
import type { GrowthRecord } from './growth-work.js';
import { wrongFiles, wrongStorage } from './judge-files.js';
import { wrongGrowths } from './judge-growths.js';
import { wrongLedgers } from './judge-ledgers.js';
import { wrongPointers } from './judge-pointers.js';
import { wrongTrespass } from './judge-trespass.js';
import { wrongViews } from './judge-views.js';
import type { StoredChat } from './stored-chat.js';

/** Everything that must agree at rest. */
export interface ChatAtRest {
  readonly stored: StoredChat;
  readonly devices: readonly DeviceSnapshot[];
  readonly growths: readonly GrowthRecord[];
}

/** Returns where the database, the ledgers of devices and servers, and what the devices show differ, at rest. */
export function judgeChat({ stored, devices, growths }: ChatAtRest): string[] {
  const problems = stored.outbox ? [`${stored.outbox} changes are not published`] : [];
  const grown = growths.map(({ name }) => name);
  for (const channel of new Set(devices.flatMap(({ rooms }) => rooms.map((room) => room.channel)))) {
    const truth = new ChannelTruth(stored, channel);
    const members = devices.filter(({ rooms }) => rooms.some((room) => room.channel === channel));
    problems.push(
      ...wrongLedgers(truth, devices, grown),
      ...wrongPointers(truth, members),
      ...wrongFiles(truth, devices),
      ...devices.flatMap((device) => wrongViews(truth, device)),
    );
  }
  problems.push(...wrongGrowths(stored, growths), ...wrongStorage(stored));
  return [...problems, ...devices.flatMap((device) => wrongTrespass(device))];
}
