// Negative controls: a cluster without one of its protections, under the fault that it protects from. The checker has
// to say so.
import { SCENARIOS } from './scenarios.mjs';

/** @type {readonly [scenario: string, sabotage: string[], breaks: string[], what: string][]} */
const CASES = [
  ['overtaken', ['predecessor'], ['I2', 'I4', 'I10', 'I7'], 'messages are compared by offset only'],
  ['R8', ['probe', 'positions'], ['I3', 'I11'], 'the silence is not detected'],
  ['R7', ['ids'], ['I5', 'I6'], 'Redis does not recognize stored ids'],
  ['R22', ['doubts', 'positions', 'breaks'], ['I1', 'I2', 'I3', 'I11'], 'missed messages are not read again'],
  ['R23-work', ['readerGaps'], ['I19'], 'durable consumers get no gaps'],
  ['S3-work', ['takeover'], ['I19'], 'no process takes over its messages'],
  [
    'R24',
    ['tolerance', 'positions', 'breaks'],
    ['I2', 'I3', 'I11'],
    'added fields are refused, and missed messages are not read again',
  ],
  ['C7', ['once'], ['I17'], 'handled messages are handled again'],
];

/** All controls, by their id. */
export const CONTROLS = new Map(
  CASES.map(([scenario, sabotage, breaks, what]) => [
    `${scenario}-without-${sabotage[0]}`,
    controlOf(SCENARIOS.get(scenario), { sabotage, breaks, what }),
  ]),
);

function controlOf(scenario, { sabotage, breaks, what }) {
  return {
    ...scenario,
    id: `${scenario.id}-without-${sabotage[0]}`,
    what: `${scenario.what}, and ${what}`,
    setup: { ...scenario.setup, sabotage },
    isControl: true,
    breaks,
  };
}

/** Those of the short form. */
export const QUICK_CONTROLS = ['overtaken-without-predecessor', 'R7-without-ids', 'R8-without-probe'];
