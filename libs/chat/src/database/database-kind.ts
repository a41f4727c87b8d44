/** The databases that the chat can use. */
export type DatabaseKind = 'sqlite' | 'postgres';
