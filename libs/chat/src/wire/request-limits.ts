/** The ids of channels and of the messages of clients. */
export const ID = /^[A-Za-z0-9_.-]{1,64}$/;
/** The longest id of a user. */
export const MAX_USER_ID = 128;
/** The longest cursor; the service checks its content. */
export const MAX_CURSOR = 1_000;
