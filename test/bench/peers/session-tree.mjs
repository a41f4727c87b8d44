import 'reflect-metadata';
import { Injectable, Scope } from '@nestjs/common';
import { decorate } from '../../rig/decorate.mjs';

class Cart {
  items = [];
}

class Typist {
  messagesSent = 0;
}

/** The state of each session: an object that needs two more, all of them new. */
export class Visit {
  constructor(cart, typist) {
    this.cart = cart;
    this.typist = typist;
  }
}

// `@SessionScoped()`, by the name that Nest has for it: one peer is Nest alone.
const scoped = Injectable({ scope: Scope.REQUEST });
decorate(Cart, { decorators: [scoped] });
decorate(Typist, { decorators: [scoped] });
decorate(Visit, { decorators: [scoped], inject: [Cart, Typist] });

/** The classes, to be provided. */
export const TREE = [Cart, Typist, Visit];

const known = new WeakSet();

/** Tells whether a visit is complete, and was never seen before. */
export function isWhole(visit) {
  const parts = [visit, visit.cart, visit.typist];
  const isNew = parts.every((part) => part && !known.has(part));
  for (const part of parts) known.add(part);
  return isNew;
}
