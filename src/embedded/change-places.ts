/** A restored cluster takes the place of the one that is there, which is kept. Whenever it is killed, the next one finishes or forgets it. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setArchive } from './archive.ts';
import { removeFolders } from './cluster.ts';
import { makePrivateFolder, syncFolder } from './copy-folder.ts';
import type { Place } from './home.ts';
import { endCluster } from './postmaster.ts';

/** Being brought up; of one that a crash left behind nothing is needed. */
const UNFINISHED = 'data.restoring';
/** Whole, and about to take the place of the cluster that is there. */
const FINISHED = 'data.restored';

/** Where a cluster is restored: beside the one that is there. */
export const unfinishedPlace = (place: Place): Place => ({ ...place, data: join(place.folder, UNFINISHED) });

/** From now on the restored cluster is the one that counts, whatever happens. */
export function markFinished(place: Place): void {
  renameSync(unfinishedPlace(place).data, join(place.folder, FINISHED));
  syncFolder(place.folder);
}

/**
 * Ends what a restore that was killed has left: one that was whole takes its place, any other is removed. Returns the home
 * of the database that was there before. Call it only while holding the gate, and when nobody uses the database.
 */
export async function finishRestore(place: Place): Promise<string | undefined> {
  await discardUnfinished(place);
  const finished = join(place.folder, FINISHED);
  if (!existsSync(finished)) return undefined;
  const before = existsSync(place.data) ? setAside(place) : undefined;
  renameSync(finished, place.data);
  syncFolder(place.folder);
  return before;
}

/** Moves the cluster into a home of its own, so that `REFUNDRY_HOME` can read it. Its log goes to no archive any more. */
function setAside(place: Place): string {
  const name = `before-restore-${new Date().toISOString().replaceAll(/[-:]/g, '').replace(/\..*/, 'Z')}`;
  let before = join(place.folder, name);
  for (let number = 2; existsSync(before); number += 1) before = join(place.folder, `${name}-${number}`);
  makePrivateFolder(before, place.account);
  makePrivateFolder(join(before, 'postgres'), place.account);
  setArchive(place.data, undefined);
  renameSync(place.data, join(before, 'postgres', 'data'));
  syncFolder(join(before, 'postgres'));
  return before;
}

/** Ends and removes a cluster that is being restored, if there is one. */
export async function discardUnfinished(place: Place): Promise<void> {
  const unfinished = unfinishedPlace(place);
  if (!existsSync(unfinished.data)) return;
  await endCluster(unfinished);
  removeFolders(place, [UNFINISHED]);
}
