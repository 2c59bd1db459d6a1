/** What can go wrong, one kind at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cut, type Proxy } from '../kit/proxy.ts';
import type { Random } from '../kit/random.ts';
import type { Cluster } from './cluster.ts';
import type { Server } from './servers.ts';

export interface World {
  readonly cluster: Cluster;
  readonly servers: readonly Server[];
  /** The line of each server to PostgreSQL. */
  readonly lines: ReadonlyMap<Server, Proxy>;
  readonly random: Random;
  /** How long what is stopped stays stopped, at most. */
  readonly longestStopMs: number;
}

export interface Fault {
  readonly name: string;
  /** Processes that are killed, or told to end at once. */
  readonly kills: number;
  /** How often it comes, against the others. */
  readonly weight: number;
  /** Whether a server must start anew: that takes as long as its programs take to load, and others go on meanwhile. */
  readonly restarts: boolean;
  /** Does it; resolves when it is over, with the servers that must recover from then on by themselves. */
  readonly inject: (world: World) => Promise<readonly Server[]>;
}

/** Those that run; one that was killed may not be ready yet. */
const running = ({ servers }: World): readonly Server[] => {
  const up = servers.filter(({ url }) => url !== null);
  return up.length > 0 ? up : servers;
};

const stopped = ({ random, longestStopMs }: World): Promise<void> => sleep(random.between(100, longestStopMs));

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}

const cut = (what: Cut, weight: number): Fault => ({
  name: `line broken: ${what}`,
  kills: 0,
  restarts: false,
  weight,
  inject: async (world) => {
    const { lines, random } = world;
    const server = random.pick(running(world));
    const line = lines.get(server);
    if (line === undefined) throw new Error('a server without a line');
    line.lateMs = random.between(500, 1_500);
    await line.cutNext(what);
    // Nothing else may hit it until it has arrived.
    if (what === 'late commit') await sleep(line.lateMs);
    return [server];
  },
});

export const FAULTS: readonly Fault[] = [
  {
    name: 'server killed',
    kills: 1,
    restarts: true,
    weight: 4,
    inject: async ({ servers, random }) => {
      const server = random.pick(servers);
      server.kill();
      return [server];
    },
  },
  {
    name: 'backend killed',
    kills: 1,
    restarts: false,
    weight: 12,
    inject: async (world) => {
      const { cluster, random } = world;
      signal(random.pick(await cluster.lanes()), 'SIGKILL');
      return running(world);
    },
  },
  {
    name: 'postmaster killed',
    kills: 1,
    restarts: false,
    weight: 7,
    inject: async (world) => {
      await world.cluster.signalPostmaster('SIGKILL');
      return running(world);
    },
  },
  {
    name: 'immediate shutdown',
    kills: 1,
    restarts: false,
    weight: 5,
    inject: async (world) => {
      await world.cluster.signalPostmaster('SIGQUIT');
      return running(world);
    },
  },
  {
    name: 'postmaster and all servers killed',
    kills: 3,
    restarts: true,
    weight: 1,
    inject: async ({ cluster, servers }) => {
      await cluster.signalPostmaster('SIGKILL');
      for (const server of servers) server.kill();
      return servers;
    },
  },
  {
    name: 'server stopped for a while',
    kills: 0,
    restarts: false,
    weight: 1,
    inject: async (world) => {
      const server = world.random.pick(running(world));
      server.signal('SIGSTOP');
      await stopped(world);
      server.signal('SIGCONT');
      return running(world);
    },
  },
  {
    name: 'backend stopped for a while',
    kills: 0,
    restarts: false,
    weight: 1,
    inject: async (world) => {
      const pid = world.random.pick(await world.cluster.lanes());
      signal(pid, 'SIGSTOP');
      await stopped(world);
      signal(pid, 'SIGCONT');
      return running(world);
    },
  },
  {
    name: 'lane terminated',
    kills: 0,
    restarts: false,
    weight: 1,
    inject: async (world) => {
      const { cluster, random } = world;
      await cluster.terminate(random.pick(await cluster.lanes()));
      return running(world);
    },
  },
  {
    name: 'line slow',
    kills: 0,
    restarts: false,
    weight: 1,
    inject: async (world) => {
      const { lines, random } = world;
      const server = random.pick(running(world));
      const line = lines.get(server);
      if (line === undefined) throw new Error('a server without a line');
      line.delayMs = random.between(10, 80);
      await sleep(500);
      line.delayMs = 0;
      return [server];
    },
  },
  cut('before commit', 1),
  cut('amid commit', 1),
  cut('after commit', 2),
  cut('amid answer', 1),
  cut('late commit', 2),
  cut('end to client', 1),
  cut('end to server', 1),
];
