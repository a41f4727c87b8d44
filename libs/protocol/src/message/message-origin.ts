import type { WirePosition } from '../frame/frame.js';

/** The origin as the receiving package stores it. */
export interface MessageOrigin {
  readonly channel: string;
  readonly wirePosition?: WirePosition | undefined;
}
