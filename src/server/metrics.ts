/** What operators watch, in Prometheus's format. */
import { setTimeout as sleep } from 'node:timers/promises';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Command } from '../core/command.ts';
import type { Outcome } from '../core/outcome.ts';
import type { TroubleKind } from '../engine/observer.ts';

/** A database that hangs must not keep whoever wants to know of it. */
const READY_MS = 1_000;

const patience = (): Promise<boolean> => sleep(READY_MS, false, { ref: false });

export class Metrics {
  readonly #registry = new Registry();
  readonly #refunds = new Counter({
    name: 'refundry_refunds_total',
    help: 'Refund requests by protocol and outcome (a refund status, or the code of the refusal).',
    labelNames: ['protocol', 'outcome'] as const,
    registers: [this.#registry],
  });
  readonly #commands = new Counter({
    name: 'refundry_commands_total',
    help: 'Commands by operation and outcome (accepted, replayed, or the code of the refusal).',
    labelNames: ['operation', 'outcome'] as const,
    registers: [this.#registry],
  });
  readonly #replays = new Counter({
    name: 'refundry_replayed_keys_total',
    help: 'Outcomes given again for an idempotency key.',
    labelNames: ['protocol'] as const,
    registers: [this.#registry],
  });
  readonly #batchSize = new Histogram({
    name: 'refundry_batch_commands',
    help: 'Commands per batch: how many share one commit.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [this.#registry],
  });
  readonly #commitSeconds = new Histogram({
    name: 'refundry_commit_seconds',
    help: 'Time of a batch from taking it to its proven commit.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10],
    registers: [this.#registry],
  });
  readonly #requests = new Histogram({
    name: 'refundry_http_request_seconds',
    help: 'HTTP requests by protocol, operation and status class.',
    labelNames: ['protocol', 'operation', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10],
    registers: [this.#registry],
  });

  readonly #troubles = new Counter({
    name: 'refundry_database_troubles_total',
    help: 'Batches, reads and connections that failed, by what is wrong with the database.',
    labelNames: ['kind'] as const,
    registers: [this.#registry],
  });

  constructor(queueDepth: () => number, isReady: () => Promise<boolean> = () => Promise.resolve(true)) {
    collectDefaultMetrics({ register: this.#registry });
    const depth: Gauge = new Gauge({
      name: 'refundry_queue_depth',
      help: 'Commands that wait for a batch.',
      registers: [this.#registry],
      collect: (): void => depth.set(queueDepth()),
    });
    const ready: Gauge = new Gauge({
      name: 'refundry_ready',
      help: '1 when the database answers and a batch could start now, else 0.',
      registers: [this.#registry],
      collect: async (): Promise<void> => ready.set((await Promise.race([isReady(), patience()])) ? 1 : 0),
    });
  }

  batch(commands: number, milliseconds: number): void {
    this.#batchSize.observe(commands);
    this.#commitSeconds.observe(milliseconds / 1000);
  }

  outcome(command: Command, outcome: Outcome): void {
    const { protocol, action } = command;
    const result = outcome.replayed ? 'replayed' : (outcome.refusal?.code ?? 'accepted');
    this.#commands.inc({ operation: action.kind, outcome: result });
    if (outcome.replayed) this.#replays.inc({ protocol });
    else if (action.kind === 'refund_payment') {
      this.#refunds.inc({ protocol, outcome: outcome.refusal?.code ?? outcome.refund?.status ?? 'unknown' });
    }
  }

  trouble(kind: TroubleKind | 'other'): void {
    this.#troubles.inc({ kind });
  }

  request(protocol: string, operation: string, status: number, milliseconds: number): void {
    this.#requests.observe({ protocol, operation, status: `${Math.floor(status / 100)}xx` }, milliseconds / 1000);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
