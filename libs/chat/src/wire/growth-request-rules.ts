import { IsInt, Min } from 'class-validator';
import { ChatStopGrowth } from './growth-requests.js';
import { rules } from './field-rules.js';

/** The rules of the requests in `growth-requests.ts`. */
export const growthRequestRules = [
  rules(ChatStopGrowth, {
    seq: [IsInt(), Min(1)],
  }),
];
