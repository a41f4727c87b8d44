// The devices of users and guests of the chat under faults. Told by their parent what to do; they use the built packages.
import 'reflect-metadata';
import { setTimeout as wait } from 'node:timers/promises';
import { answerParent } from '../../rig/child.mjs';
import { randomFrom } from '../random.mjs';
import { Device } from './device.mjs';

/** The longest rest of a device between two actions, in milliseconds. */
const REST_MS = 400;
/** The most actions of a device. */
const MAX_ACTIONS = 25;

/** @type {Device[]} */
let devices = [];
/** @type {Map<string, Device>} the devices of guests, who have no id before they have connected */
const guests = new Map();
let isWorking = false;
/** @type {Promise<unknown>} */
let working = Promise.resolve();

/** Connects a guest, who creates a channel. */
async function introduce({ name, url, channel }) {
  const device = new Device({ name, url });
  guests.set(name, device);
  await device.createChannel(channel);
}

async function open({ devices: wanted }) {
  devices = wanted.map((place) => guests.get(place.name) ?? new Device(place));
  guests.clear();
  for (const [at, device] of devices.entries()) device.enter(wanted[at]);
  while (!devices.every((device) => device.isLive)) await wait(20);
}

/** Lets each device act at random until `rest`. */
function work({ seed }) {
  isWorking = true;
  working = Promise.all(
    devices.map(async (device, at) => {
      const random = randomFrom(seed * 100 + at);
      for (let left = MAX_ACTIONS; isWorking && left > 0; left--) {
        device.act(random);
        await wait(random() * REST_MS);
        while (isWorking && device.isBusy) await wait(20);
      }
    }),
  );
}

async function rest() {
  isWorking = false;
  await working;
}

async function close() {
  await rest();
  await Promise.all(devices.map((device) => device.close()));
  devices = [];
}

answerParent({
  ...{ introduce, open, work, rest, close },
  upload: ({ at, bytes }) => devices[at]?.upload(bytes),
  snapshots: () => Promise.all(devices.map((device) => device.snapshot())),
});
