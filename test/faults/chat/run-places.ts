const USERS = ['ann', 'bob', 'cat'];
/** The users who answer guests. */
const STAFF = 2;
const ROOMS = 2;
const SERVERS = 2;
const GUESTS = 2;

/** A device of a run; one of a guest has no user before it has connected. */
export interface DevicePlace {
  readonly name: string;
  readonly url: string;
  user?: string;
  readonly channels: readonly string[];
  /** The channels of others. */
  readonly forbidden: readonly string[];
}

/** The channels and devices of a run; `at` is the server of a device. */
export interface RunPlaces {
  readonly rooms: readonly { readonly id: string; readonly users: readonly string[] }[];
  /** The channels that guests create; the staff joins each. */
  readonly supports: readonly {
    readonly id: string;
    readonly guest: string;
    readonly staff: readonly string[];
  }[];
  readonly channels: readonly string[];
  readonly devices: readonly (Omit<DevicePlace, 'url'> & { readonly at: number })[];
}

/** Returns the places of a run: two devices of each user, one at each server, and one of each guest. */
export function placesOf(run: string): RunPlaces {
  const users = USERS.map((user) => `${run}-${user}`);
  const staff = users.slice(0, STAFF);
  const rooms = numbered(ROOMS).map((at) => ({ id: `${run}-${at}`, users }));
  const supports = numbered(GUESTS).map((at) => ({
    ...{ id: `${run}-s${at}`, guest: `${run}-guest${at}`, staff },
  }));
  const channels = [...rooms, ...supports].map(({ id }) => id);
  const placed = (own: readonly string[]) => ({
    channels: own,
    forbidden: channels.filter((id) => !own.includes(id)),
  });
  const inRooms = rooms.map(({ id }) => id);
  return {
    ...{ rooms, supports, channels },
    devices: [
      ...users.flatMap((user) =>
        numbered(SERVERS).map((at) => ({
          ...{ name: `${user}${at}`, user, at },
          ...placed(staff.includes(user) ? channels : inRooms),
        })),
      ),
      ...supports.map(({ id, guest }, at) => ({ name: guest, at: at % SERVERS, ...placed([id]) })),
    ],
  };
}

function numbered(count: number): number[] {
  return [...Array(count).keys()];
}
