// Sends the requests of a file (JSON, one a line), each once: autocannon.mjs URL FILE CONNECTIONS SECONDS
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const [url, file, connections, seconds] = process.argv.slice(2);
const requests = readFileSync(file, 'utf8').split('\n');
let next = 0;

const result = await new Promise((resolve, reject) => {
  const run = autocannon(
    {
      url,
      connections: Number(connections),
      duration: Number(seconds),
      timeout: 20,
      requests: [
        {
          setupRequest: (defaults) => {
            if (next >= requests.length) {
              run.stop();
              return defaults;
            }
            const { method, path, headers, body } = JSON.parse(requests[next]);
            next += 1;
            return { ...defaults, method, path, headers, body };
          },
        },
      ],
    },
    (error, done) => (error ? reject(error) : resolve(done)),
  );
});

const { latency, requests: counted, duration, non2xx, errors, timeouts } = result;
const milliseconds = (value) => Math.round(value * 1000);
console.log(
  `RESULT ${JSON.stringify({
    requests: counted.total,
    microseconds: duration * 1e6,
    p50: milliseconds(latency.p50),
    p99: milliseconds(latency.p99),
    max: milliseconds(latency.max),
    refused: non2xx,
    broken: errors + timeouts,
  })}`,
);
