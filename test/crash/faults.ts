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
  /** Does it; resolves when it is over, with the servers that must recover from then on by themselves. */
  readonly inject: (world: World) => Promise<readonly Server[]>;
}

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
  weight,
  inject: async ({ servers, lines, random }) => {
    const server = random.pick(servers);
    const line = lines.get(server);
    if (line === undefined) throw new Error('a server without a line');
    line.lateMs = random.between(150, 700);
    await line.cutNext(what);
    return [server];
  },
});

export const FAULTS: readonly Fault[] = [
  {
    name: 'server killed',
    kills: 1,
    weight: 7,
    inject: async ({ servers, random }) => {
      const server = random.pick(servers);
      server.kill();
      return [server];
    },
  },
  {
    name: 'backend killed',
    kills: 1,
    weight: 7,
    inject: async ({ cluster, servers, random }) => {
      signal(random.pick(await cluster.lanes()), 'SIGKILL');
      return servers;
    },
  },
  {
    name: 'postmaster killed',
    kills: 1,
    weight: 4,
    inject: async ({ cluster, servers }) => {
      cluster.signalPostmaster('SIGKILL');
      return servers;
    },
  },
  {
    name: 'immediate shutdown',
    kills: 1,
    weight: 3,
    inject: async ({ cluster, servers }) => {
      cluster.signalPostmaster('SIGQUIT');
      return servers;
    },
  },
  {
    name: 'postmaster and all servers killed',
    kills: 3,
    weight: 1,
    inject: async ({ cluster, servers }) => {
      cluster.signalPostmaster('SIGKILL');
      for (const server of servers) server.kill();
      return servers;
    },
  },
  {
    name: 'server stopped for a while',
    kills: 0,
    weight: 1,
    inject: async (world) => {
      const server = world.random.pick(world.servers);
      server.signal('SIGSTOP');
      await stopped(world);
      server.signal('SIGCONT');
      return world.servers;
    },
  },
  {
    name: 'backend stopped for a while',
    kills: 0,
    weight: 1,
    inject: async (world) => {
      const pid = world.random.pick(await world.cluster.lanes());
      signal(pid, 'SIGSTOP');
      await stopped(world);
      signal(pid, 'SIGCONT');
      return world.servers;
    },
  },
  {
    name: 'lane terminated',
    kills: 0,
    weight: 1,
    inject: async ({ cluster, servers, random }) => {
      await cluster.terminate(random.pick(await cluster.lanes()));
      return servers;
    },
  },
  {
    name: 'line slow',
    kills: 0,
    weight: 1,
    inject: async ({ servers, lines, random }) => {
      const server = random.pick(servers);
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
