/**
 * Databases of tests die with them, and no test pulls the plug: in memory, where there is room, they wait for no disk.
 */
import { accessSync, constants, statfsSync } from 'node:fs';

const MEMORY = '/dev/shm';
/** PostgreSQL's log of changes alone may take as much. */
const ROOM_BYTES = 4 * 1024 ** 3;

/** Makes memory the temporary folder of this process and its children, where there is room and nobody chose another. */
export function workInMemory(): void {
  if (process.env['TMPDIR'] !== undefined || !hasRoom(MEMORY)) return;
  process.env['TMPDIR'] = MEMORY;
}

function hasRoom(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false;
  }
}
