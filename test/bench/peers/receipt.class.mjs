import { IsInt, IsString } from 'class-validator';
import { decorate } from '../../rig/decorate.mjs';

/** The small reply of every workload with replies, as a class. */
export const Receipt = decorate(class Receipt {}, {
  properties: { id: [String, IsString()], priority: [Number, IsInt()] },
});

/** Returns the reply to a note. */
export const receiptOf = ({ id, priority }) => Object.assign(new Receipt(), { id, priority });
