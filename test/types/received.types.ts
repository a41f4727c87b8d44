// Compiled, not run: the types of what a client receives are those that it has at run time.
import { createStreamClient, type Received } from '@nestwire/client';
import { StreamMessage, type StreamGap } from '@nestwire/protocol';
import { StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isTrue<T extends true>(): T | undefined {
  return undefined;
}

class Amount {
  cents!: number;
  at!: Date;
  format(): string {
    return `${this.cents}`;
  }
}

class Place {
  city!: string;
  inside?: Place;
}

class Secret {
  private readonly hidden = 1;
  shown!: string;
  reveal(): number {
    return this.hidden;
  }
}

@StreamMessage('received.types.tag')
class Tag {
  declare readonly $type: 'received.types.tag';
  text!: string;
  shout(): string {
    return this.text.toUpperCase();
  }
}

@StreamMessage('received.types.order')
class Order {
  declare readonly $type: 'received.types.order';
  readonly id!: string;
  amount!: Amount;
  other?: Amount | null;
  amounts!: Amount[];
  byName!: Map<string, Amount>;
  all!: Set<Amount>;
  pair!: readonly [Amount, Tag];
  secret!: Secret;
  place!: Place;
  tag!: Tag;
  tags!: Tag[];
  bytes!: Uint8Array;
  big!: bigint;
  free!: unknown;
  loose!: Record<string, string>;
  total(): number {
    return this.amount.cents;
  }
}

@StreamMessage('received.types.simple')
class Simple {
  declare readonly $type: 'received.types.simple';
  private readonly own = 1;
  place!: Place;
  places!: Map<string, Place[]>;
  tags!: readonly Tag[];
  free!: unknown;
  method(): number {
    return this.own;
  }
}

@StreamEndpoint('orders')
class OrdersEndpoint {
  follow(session: StreamSession<Order | Simple>): Promise<void> {
    return session.sendStreamMessage(new Simple());
  }
}

type AppStreams = StreamsOf<{ orders: OrdersEndpoint }>;

// A message whose classes have no methods is its class, private members included.
isTrue<Equals<Received<Simple>, Simple>>();
isTrue<Equals<Received<StreamGap>, StreamGap>>();
isTrue<Equals<Received<Tag>, Tag>>();

export function read(order: Received<Order>, simple: Received<Simple>): unknown[] {
  // @ts-expect-error -- a plain object without class-transformer
  const format: unknown = order.amount.format;
  // @ts-expect-error -- so inside of a list
  const first: unknown = order.amounts[0]!.format;
  // @ts-expect-error -- so inside of a map
  const named: unknown = order.byName.get('a')!.format;
  // @ts-expect-error -- so inside of a set
  const some: unknown = [...order.all][0]!.format;
  // @ts-expect-error -- so inside of a tuple
  const paired: unknown = order.pair[0].format;
  // @ts-expect-error -- so where it may be missing
  const other: unknown = order.other?.format;
  // @ts-expect-error -- a plain object is no instance with private members
  const secret: Secret = order.secret;
  // @ts-expect-error -- what takes the instance is not given the plain object
  const whole: Order = order;
  // @ts-expect-error -- properties that are readonly stay so
  order.id = 'x';

  const cents: number = order.amount.cents + order.amounts[0]!.cents + (order.other?.cents ?? 0);
  const at: Date = order.byName.get('a')!.at;
  const nested: string = order.tag.shout() + order.tags[0]!.shout() + order.pair[1].shout();
  const total: number = order.total();
  const place: Place = order.place;
  const values: [Uint8Array, bigint, unknown, string | undefined] = [
    order.bytes,
    order.big,
    order.free,
    order.loose.a,
  ];
  // With the import of class-transformer the compiler is told by a question.
  const formatted: string = order.amount instanceof Amount ? order.amount.format() : '';
  const same: Simple = simple;
  return [format, first, named, some, paired, other, secret, whole, cents, at, nested, total, place].concat(
    values,
    formatted,
    same,
  );
}

export async function follow(): Promise<void> {
  const client = createStreamClient<AppStreams>()({ url: 'ws://localhost', messages: [Order, Simple] });
  for await (const message of client.orders.stream) {
    if (message.$type === 'received.types.simple') message.method();
    else {
      message.total();
      // @ts-expect-error -- a plain object without class-transformer
      message.amount.format();
    }
  }
}
