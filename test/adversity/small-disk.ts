/** A disk of a few hundred megabytes, in memory, that can be filled to the last byte and emptied again. Root only. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MEGABYTE = 1024 * 1024;

export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#ballast = join(folder, 'ballast');
  }

  /** Mounts one at a new folder. Returns why that cannot be, in a sentence, where it cannot. */
  static mount(folder: string, megabytes: number): SmallDisk | string {
    if (process.getuid?.() !== 0) return 'a full disk needs a file system of its own, which only root may mount';
    mkdirSync(folder, { mode: 0o755 });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', folder], { stdio: 'pipe' });
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
      return `a full disk needs a file system of its own, which may not be mounted here (${said})`;
    }
    return new SmallDisk(folder);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  /** Writes until nothing fits any more; more than once, where somebody else frees something meanwhile. */
  fill(): void {
    const file = openSync(this.#ballast, 'a');
    try {
      for (let piece = Buffer.alloc(MEGABYTE); piece.length > 0;) {
        try {
          if (writeSync(file, piece) < piece.length) piece = piece.subarray(0, piece.length >> 1);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          piece = piece.subarray(0, piece.length >> 1);
        }
      }
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  unmount(): void {
    execFileSync('umount', [this.folder], { stdio: 'pipe' });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
