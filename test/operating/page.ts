/** A page for operators, whose commands are run as they stand: each `sh` block, by the heading that it stands under. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from '../kit/process.ts';

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BlockOptions {
  /** More folders with programs, found first. */
  readonly programs?: readonly string[];
  /** The account that runs it, by its number; whoever runs the tests unless given. */
  readonly uid?: number;
  /** Which of the blocks under the heading, from 0. */
  readonly index?: number;
}

interface Block {
  readonly heading: string;
  readonly text: string;
}

/** A folder that everybody may enter, gone when the test file ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rf-op-'));
  chmodSync(folder, 0o755);
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  return folder;
}

/** `refundry` as where the package is installed. */
function installed(): string {
  const folder = temporaryFolder();
  const program = join(folder, 'refundry');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin', 'refundry.mjs')}' "$@"\n`);
  chmodSync(program, 0o755);
  return folder;
}

export class Page {
  readonly name: string;
  readonly text: string;
  readonly #blocks: readonly Block[];
  readonly #programs: string;
  readonly #run = new Set<Block>();
  /** Where the blocks run. */
  readonly folder = temporaryFolder();

  constructor(name: string) {
    this.name = name;
    this.text = readFileSync(join(ROOT, 'docs', 'operating', name), 'utf8');
    this.#blocks = blocksOf(this.text);
    this.#programs = installed();
  }

  /** Runs a block with these variables, as a script that stops at the first error. */
  async run(heading: string, variables: Readonly<Record<string, string>>, options: BlockOptions = {}): Promise<Said> {
    const block = this.#blocks.filter((one) => one.heading === heading)[options.index ?? 0];
    assert.ok(block, `${this.name} has no commands under "${heading}"`);
    this.#run.add(block);
    const programs = [...(options.programs ?? []), this.#programs, process.env['PATH'] ?? ''].join(delimiter);
    const { REFUNDRY_TEST_CLUSTER: _cluster, DATABASE_URL: _url, REFUNDRY_HOME: _home, ...inherited } = process.env;
    const child = spawn('/bin/sh', ['-eu', '-c', block.text], {
      cwd: this.folder,
      env: { ...inherited, ...variables, PATH: programs },
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // `exit`: what a block leaves running in the background keeps its output open.
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { code, stdout, stderr };
  }

  /** The same, and it must succeed. */
  async do(heading: string, variables: Readonly<Record<string, string>>, options: BlockOptions = {}): Promise<Said> {
    const said = await this.run(heading, variables, options);
    assert.equal(said.code, 0, `${heading}: ${said.stdout}${said.stderr}`);
    return said;
  }

  /** The last test of a file: no block of the page is left that nobody has run, but for those `elsewhere`. */
  everythingWasRun(elsewhere: readonly string[] = []): void {
    test(`every command of docs/operating/${this.name} was run as it stands`, () => {
      const left = this.#blocks.filter((block) => !this.#run.has(block) && !elsewhere.includes(block.heading));
      assert.deepEqual(
        left.map(({ heading }) => heading),
        [],
      );
      assert.ok(this.#blocks.length > 0);
    });
  }
}

function blocksOf(markdown: string): Block[] {
  let heading = '';
  const blocks: Block[] = [];
  for (const [, title, text] of markdown.matchAll(/^#+ (.*)$|^```sh\n([^]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    if (text !== undefined) blocks.push({ heading, text });
  }
  return blocks;
}
