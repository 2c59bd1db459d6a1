/**
 * A process that opens the embedded database and does what it is told: `node opener.ts HOME ROLE [SYSTEM_FOLDER]`. It reads words from
 * its input (`announce`, `release`) and answers in lines of JSON, so that tests can have real processes at every moment of their lives.
 */
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { openEmbedded } from '../../src/embedded/index.ts';

const [home = '', role = 'command', systemFolder] = process.argv.slice(2);
const say = (answer: object) => console.log(JSON.stringify(answer));

try {
  const began = performance.now();
  const database = await openEmbedded({
    home,
    role: role === 'server' ? 'server' : 'command',
    log: (line) => say({ log: line }),
    ...(systemFolder === undefined ? {} : { systemFolder }),
  });
  say({ opened: database.connection, ms: performance.now() - began });
  for await (const line of createInterface(process.stdin)) {
    if (line === 'announce') database.announceStopping();
    if (line === 'query') {
      const client = new Client(database.connection);
      await client.connect();
      const { rows } = await client.query<{ user: string }>(`SELECT current_user AS user`);
      await client.end();
      say({ answered: rows[0]?.user });
    }
    if (line === 'release') {
      const releasing = performance.now();
      await database.release();
      say({ released: performance.now() - releasing });
      break;
    }
  }
  process.stdin.destroy();
} catch (error) {
  say({ failed: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  process.exitCode = 1;
}
