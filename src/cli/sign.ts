/** `refundry sign`: a bbmsl request in its signed envelope, ready for curl. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { Command } from 'commander';
import { parseJson, JsonFault, isJsonObject } from '../core/json.ts';
import { signEnvelope } from '../dialects/bbmsl/envelope.ts';
import { usage } from './failure.ts';
import { print } from './output.ts';
import { readCliConfig } from './session.ts';

export function signCommand(): Command {
  return new Command('sign')
    .description("print a bbmsl request in its signed envelope, as the partner's endpoints take it")
    .argument('[request]', 'the request as JSON, or - for standard input', '-')
    .option('--key <file>', "RSA private key (PEM); default: the demo's, which `refundry start` makes")
    .addHelpText(
      'after',
      `\nExample:\n  refundry sign '{"merchantId":3,"orderId":4922,"amount":10}' |\n    curl -s http://127.0.0.1:8080/hosted-checkout/refund -H 'Content-Type: application/json' -d @-`,
    )
    .action(async (request: string, options: { key?: string }) => {
      const text = request === '-' ? (await readAll(process.stdin)).trim() : request;
      try {
        if (!isJsonObject(parseJson(text))) throw usage('the request must be a JSON object');
      } catch (error) {
        if (error instanceof JsonFault) {
          throw usage('the request is not valid JSON; it looks like {"merchantId":3,"orderId":4922,"amount":10}');
        }
        throw error;
      }
      print(signEnvelope(text, readKey(options.key)));
    });
}

function readKey(file: string | undefined): string {
  const path = file ?? join(readCliConfig().config.home, 'demo', 'bbmsl-private-key.pem');
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (file !== undefined) throw usage(`--key: ${(error as Error).message}`);
    throw usage(`there is no demo key ${path}: \`refundry start\` makes it, or name another with --key <file>`);
  }
}
