import { chatServer, kyselyTransaction, pgTransaction, type ChatService } from '@nestwire/chat';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';

export interface Shop {
  orders: { id: string; shipped: boolean };
}

// #region pg
export async function ship(pool: Pool, chat: ChatService, orderId: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('UPDATE orders SET shipped = true WHERE id = $1', [orderId]);
    const message = { channelId: `order-${orderId}`, text: 'Your order is on its way.' };
    await chat.messages.post(chatServer(), message, { tx: pgTransaction(client) });
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
// #endregion pg

// #region kysely
export async function shipWithKysely(db: Kysely<Shop>, chat: ChatService, orderId: string): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction.updateTable('orders').set({ shipped: true }).where('id', '=', orderId).execute();
    const message = { channelId: `order-${orderId}`, text: 'Your order is on its way.' };
    await chat.messages.post(chatServer(), message, { tx: kyselyTransaction(transaction) });
  });
}
// #endregion kysely
