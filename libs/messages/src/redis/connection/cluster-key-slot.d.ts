// cluster-key-slot 1.1.1, the version that ioredis pins, has no type declarations of its own.
declare module 'cluster-key-slot' {
  /** Returns the Cluster slot of a key: the CRC-16 of its hash tag, or of the whole key. */
  export default function slotOf(key: string): number;
}
