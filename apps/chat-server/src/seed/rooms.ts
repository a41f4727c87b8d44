import { backend } from './rooms/backend.js';
import { design } from './rooms/design.js';
import { harbour } from './rooms/harbour.js';
import { lobby } from './rooms/lobby.js';
import { release } from './rooms/release.js';
import type { SeedRoom } from './seed-room.js';

/** The rooms of the seed; the first one greets visitors. */
export const ROOMS: readonly SeedRoom[] = [lobby, release, backend, design, harbour];
