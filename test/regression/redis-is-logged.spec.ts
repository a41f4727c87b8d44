import { startApp, stopAll } from '../e2e/start-app.js';
import { CapturedLog } from '../rig/captured-log.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

/** Shorter than the defaults, so that the loss shows within the test. */
const QUICK = {
  commandTimeoutMs: 500,
  maxReconnectDelayMs: 200,
  probeIntervalMs: 250,
  probeTimeoutMs: 1_000,
};

afterEach(stopAll);

describeWithRedis('The log of a server with Redis', (redis) => {
  it('says once that Redis is connected, that it is lost, and that it is back', async () => {
    const log = new CapturedLog();
    await startApp({ options: { redis: { connection: redis().url, ...QUICK } }, prepare: log.install });
    const ofRedis = () => log.lines.filter((line) => /^Redis (is|cannot)/.test(line));

    await until(() => ofRedis().length > 0);
    expect(log.with('broker: Redis, connected')).toHaveLength(1);
    await redis().restart();
    await until(() => ofRedis().length >= 3);

    expect(ofRedis()).toEqual([
      'Redis is connected; channels reach the cluster.',
      expect.stringMatching(/^Redis is degraded.*; see MessagesService\.status\.$/),
      'Redis is connected; channels reach the cluster.',
    ]);
  });
});
