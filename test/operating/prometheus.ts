/** As much of Prometheus as it takes to see whether an alert would hear of something: its rules, and sums of samples. */
import assert from 'node:assert/strict';

export interface Rule {
  readonly name: string;
  readonly expression: string;
}

/** The rules of a file that is written one key per line. */
export function rulesIn(yaml: string): Rule[] {
  return yaml
    .split(/^ {6}- alert: /m)
    .slice(1)
    .map((text) => {
      const [name = ''] = text.split('\n', 1);
      const expression = /^ {8}expr: (.+)$/m.exec(text)?.[1] ?? '';
      assert.match(text, /^ {8}labels: \{ severity: (?:critical|warning) \}$/m, name);
      assert.match(text, /^ {8}annotations: \{ summary: .+ \}$/m, name);
      return { name, expression };
    });
}

export interface Selector {
  readonly metric: string;
  readonly matches: (labels: Readonly<Record<string, string>>) => boolean;
}

/** What an expression reads. */
export function selectorsIn(expression: string): Selector[] {
  return [...expression.matchAll(/\b((?:refundry|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, metric = '', matchers = '']) => {
      const all = [...matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)];
      return {
        metric,
        matches: (labels) =>
          all.every(([, label = '', operator = '', value = '']) => {
            const actual = labels[label] ?? '';
            const fits = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
            return operator.startsWith('!') ? !fits : fits;
          }),
      };
    },
  );
}

export class Scrape {
  readonly #samples: readonly { metric: string; labels: Readonly<Record<string, string>>; value: number }[];
  readonly #described: ReadonlySet<string>;

  constructor(text: string) {
    this.#described = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
    this.#samples = [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, metric = '', labels = '', value]) => ({
      metric,
      labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, is]) => [name, is])),
      value: Number(value),
    }));
  }

  static async of(url: string): Promise<Scrape> {
    const answer = await fetch(`${url}/metrics`);
    assert.equal(answer.status, 200);
    return new Scrape(await answer.text());
  }

  /** Whether the metric is there, with samples or still without. */
  has(metric: string): boolean {
    return this.#described.has(metric) || this.#described.has(metric.replace(/_(?:bucket|sum|count)$/, ''));
  }

  sum({ metric, matches }: Selector): number {
    const found = this.#samples.filter((sample) => sample.metric === metric && matches(sample.labels));
    return found.reduce((sum, { value }) => sum + value, 0);
  }
}
