/**
 * Where the running cluster puts each finished segment of its log. A link in the data folder leads to the archive: with it
 * PostgreSQL archives, without it there is nothing to do. So archiving begins and ends without a restart, a folder's name
 * never gets into a shell's hands, and a copy of the cluster, which lacks the link, cannot write into the original's archive.
 */
import { readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { unlessMissing } from './errors.ts';

/** In the data folder, where PostgreSQL runs its archive command. */
const LINK = 'refundry-archive';

/** Compressed: a segment that is archived before it is full is 16 MB of mostly zeros. */
const SUFFIX = '.gz';

/**
 * A segment counts as archived once it is complete, on disk, and has its name. After a crash PostgreSQL archives one again:
 * the same is fine, another of that name is refused.
 */
export const ARCHIVE_COMMAND = [
  `if [ ! -L ${LINK} ]; then exit 0; fi;`,
  `if [ -f ${LINK}/%f${SUFFIX} ]; then gzip -dc ${LINK}/%f${SUFFIX} | cmp -s - %p; exit; fi;`,
  `gzip -1 -c %p > ${LINK}/%f.unfinished && sync ${LINK}/%f.unfinished`,
  `&& mv ${LINK}/%f.unfinished ${LINK}/%f${SUFFIX} && sync ${LINK}/.`,
].join(' ');

/** What fetches a segment back, given a link of this name in the data folder. PostgreSQL asks for some that never were. */
export const restoreCommand = (link: string): string => `gzip -dc ${link}/%f${SUFFIX} > %p`;

/** How long a change may wait for its segment to be archived: what a lost disk may cost. */
export const ARCHIVE_TIMEOUT_SECONDS = 60;

/** Returns the folder that the cluster archives to, or undefined. */
export function readArchive(dataFolder: string): string | undefined {
  return unlessMissing(() => readlinkSync(join(dataFolder, LINK)));
}

/** From the next segment on the cluster archives to `folder`; undefined: nowhere. */
export function setArchive(dataFolder: string, folder: string | undefined): void {
  const link = join(dataFolder, LINK);
  if (folder === undefined) {
    rmSync(link, { force: true });
    return;
  }
  rmSync(`${link}.new`, { force: true });
  symlinkSync(folder, `${link}.new`);
  renameSync(`${link}.new`, link);
}

/** Whether a name in the data folder is the link's. */
export const isArchiveLink = (name: string): boolean => name === LINK || name === `${LINK}.new`;

/** A segment's name: timeline, and the two halves of its number, 256 of the lower half to one of the upper (segments of 16 MB). */
const SEGMENT = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/;

/** Segments that an archive holds, in their order. */
export function archivedSegments(folder: string): string[] {
  return readdirSync(folder)
    .flatMap((name) => (name.endsWith(SUFFIX) ? [name.slice(0, -SUFFIX.length)] : []))
    .filter((name) => SEGMENT.test(name))
    .sort();
}

function segmentNumber(name: string): bigint {
  const [, , high = '0', low = '0'] = SEGMENT.exec(name) ?? [];
  return BigInt(`0x${high}`) * 256n + BigInt(`0x${low}`);
}

function segmentName(timeline: string, number: bigint): string {
  const hex = (value: bigint): string => value.toString(16).toUpperCase().padStart(8, '0');
  return `${timeline}${hex(number / 256n)}${hex(number % 256n)}`;
}

/** The first segment that is missing although a later one is there, from `first` on; undefined when there is no gap. */
export function gapIn(segments: readonly string[], first: string): string | undefined {
  const timeline = first.slice(0, 8);
  let expected = segmentNumber(first);
  for (const name of segments) {
    if (!name.startsWith(timeline) || name < first) continue;
    if (segmentNumber(name) !== expected) return segmentName(timeline, expected);
    expected += 1n;
  }
  return undefined;
}

export const isSegment = (name: string): boolean => SEGMENT.test(name);
