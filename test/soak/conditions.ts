/** What comes over the server while it is soaked, and goes again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Hoard } from '../adversity/hoard.ts';
import type { World } from './world.ts';

export interface Condition {
  readonly name: string;
  readonly seconds: number;
  /**
   * What must be said meanwhile: that it is not ready, that it is, or nothing in particular, where it depends on what
   * exactly fails.
   */
  readonly ready: boolean | null;
  begin(): Promise<void>;
  end(): Promise<void>;
}

const HOUR_MS = 3_600_000;

export function conditionsOf(world: World): Condition[] {
  const { postgres, proxy, served, disk } = world;
  const hoard = new Hoard(postgres.settings);
  let stopped: readonly number[] = [];
  const setReadOnly = async (value: 'on' | 'off'): Promise<void> => {
    await postgres.run(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
    await postgres.run('SELECT pg_reload_conf()');
    await postgres.terminate('refundry');
  };
  const signal = (pids: readonly number[], name: NodeJS.Signals): void => {
    for (const pid of pids) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended by itself.
      }
    }
  };
  return [
    {
      name: 'every connection taken by others',
      seconds: 8,
      ready: false,
      begin: () => hoard.takeFrom('refundry'),
      end: () => hoard.release(),
    },
    {
      name: 'read-only by default',
      seconds: 6,
      ready: null,
      begin: () => setReadOnly('on'),
      end: () => setReadOnly('off'),
    },
    {
      name: 'a standby',
      seconds: 8,
      ready: false,
      begin: async () => {
        await postgres.stop();
        postgres.becomeStandby();
        await postgres.start();
      },
      end: async () => void (await postgres.run('SELECT pg_promote()')),
    },
    {
      name: '200 ms more for each statement',
      seconds: 15,
      ready: true,
      begin: async () => void (proxy.delayMs = 100),
      end: async () => void (proxy.delayMs = 0),
    },
    {
      // As when a storage hangs: the connections are there, and nobody answers.
      name: 'PostgreSQL stopped in the middle of everything',
      seconds: 14,
      ready: null,
      begin: async () => {
        const rows = await postgres.run<{ pid: number }>(
          `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'refundry%'`,
        );
        stopped = [postgres.pid, ...rows.map(({ pid }) => pid)];
        signal(stopped, 'SIGSTOP');
      },
      end: async () => signal(stopped, 'SIGCONT'),
    },
    {
      name: 'the clock an hour ahead',
      seconds: 6,
      ready: true,
      begin: async () => served.setClock(HOUR_MS),
      end: async () => served.setClock(0),
    },
    {
      name: 'the clock an hour behind',
      seconds: 6,
      ready: true,
      begin: async () => served.setClock(-HOUR_MS),
      end: async () => served.setClock(0),
    },
    ...(typeof disk === 'string'
      ? []
      : [
          {
            name: 'the disk full',
            seconds: 12,
            ready: null,
            begin: async () => {
              disk.fill();
              // What PostgreSQL frees meanwhile is taken, too.
              await sleep(500);
              disk.fill();
            },
            end: async () => {
              disk.empty();
              // A PostgreSQL that cannot write its log ends, and whoever looks after it starts it again.
              await sleep(500);
              if (!postgres.isRunning) await postgres.start();
            },
          },
        ]),
  ];
}
