/**
 * `npm run simulate -- --seed N --minutes M`: worlds, one after the other, each from a seed of its own that is printed
 * when something is violated in it.
 */
import { longRun } from '../kit/long-run.ts';
import { simulate } from './world.ts';

await longRun('simulate', 1, async ({ seed, hasTime, progress }) => {
  const counts: Record<string, number> = {};
  const violations: string[] = [];
  for (let world = seed; hasTime() && violations.length < 20; world += 1) {
    const report = await simulate(world);
    for (const [what, count] of Object.entries(report.counts)) counts[what] = (counts[what] ?? 0) + count;
    violations.push(...report.violations.map((violation) => `seed ${world}: ${violation}`));
    progress(
      `${counts['worlds']} worlds, ${counts['steps']?.toLocaleString('en')} steps, ${violations.length} violations`,
    );
  }
  return { counts, violations };
});
