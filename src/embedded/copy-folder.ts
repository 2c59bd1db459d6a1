/** Copies a cluster's files, each one on disk before the copy counts. */
import {
  closeSync,
  constants,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Account, isRoot } from './account.ts';
import { EmbeddedDatabaseError, unlessMissing } from './errors.ts';

const PIECE_BYTES = 1024 * 1024;

/** Whose the copies are. */
export type Owner = Account;

/** What of a folder is left out, by its path from the top, with `/`. */
export type Skip = (path: string) => boolean;

/**
 * Copies what is in `from` to the new folder `to`; returns how many bytes. Files may change, grow and go meanwhile, as a
 * running PostgreSQL's do: what its log says of them puts them right.
 */
export function copyFolder(from: string, to: string, owner: Owner, skip: Skip = () => false, above = ''): number {
  makePrivateFolder(to, owner);
  let bytes = 0;
  for (const entry of unlessMissing(() => readdirSync(from, { withFileTypes: true })) ?? []) {
    const path = above === '' ? entry.name : `${above}/${entry.name}`;
    if (skip(path)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) bytes += copyFolder(source, target, owner, skip, path);
    else if (entry.isFile()) bytes += copyFile(source, target, owner);
    else throw new EmbeddedDatabaseError(`${source} is neither a file nor a folder: it cannot be copied.`);
  }
  syncFolder(to);
  return bytes;
}

/** Makes a folder that is not there yet, for its owner alone. */
export function makePrivateFolder(folder: string, owner: Owner): void {
  mkdirSync(folder, { mode: 0o700 });
  if (!isRoot) return;
  const opened = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  fchownSync(opened, owner.uid, owner.gid);
  closeSync(opened);
}

/** Copies one file to a name that is free; one that is gone is no file. */
export function copyFile(from: string, to: string, owner: Owner): number {
  const source = unlessMissing(() => openSync(from, 'r'));
  if (source === undefined) return 0;
  try {
    // `wx` follows no link: as root we may be in a folder of another account's.
    const target = openSync(to, 'wx', 0o600);
    try {
      if (isRoot) fchownSync(target, owner.uid, owner.gid);
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      let bytes = 0;
      for (let read = readSync(source, piece); read > 0; read = readSync(source, piece)) {
        for (let written = 0; written < read;) written += writeSync(target, piece, written, read - written);
        bytes += read;
      }
      fsyncSync(target);
      return bytes;
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Makes new names in a folder last. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // Windows cannot open folders.
  const opened = openSync(folder, 'r');
  fsyncSync(opened);
  closeSync(opened);
}

/** Writes a small file of a free name. */
export function writeNewFile(file: string, text: string, owner: Owner): void {
  const opened = openSync(file, 'wx', 0o600);
  try {
    if (isRoot) fchownSync(opened, owner.uid, owner.gid);
    writeSync(opened, text);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
