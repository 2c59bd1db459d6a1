/** `refundry serve` with a certificate: which versions of TLS it speaks. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, createServer, type SecureVersion } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { start, urlOf } from '../cli/refundry.ts';
import { createDatabase } from '../kit/database.ts';

const file = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const certificate = file('tls-certificate.pem');
const key = file('tls-key.pem');
const ca = readFileSync(certificate);

/** What a handshake with just one version comes to: the version, or what was said instead. */
function handshake(port: number, version: SecureVersion): Promise<string> {
  return new Promise((resolve) => {
    // OpenSSL offers what is outdated only at its lowest level.
    const ciphers = 'DEFAULT@SECLEVEL=0';
    const socket = connect({ host: '127.0.0.1', port, ca, minVersion: version, maxVersion: version, ciphers }, () => {
      resolve(socket.getProtocol() ?? 'none');
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

const VERSIONS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

test('TLS 1.0 and 1.1 are refused, 1.2 and 1.3 are spoken', async () => {
  const database = await createDatabase();
  const { process: server, ended } = start(
    {
      DATABASE_URL: urlOf(database),
      PORT: '0',
      HOST: '127.0.0.1',
      REFUNDRY_TLS_CERTIFICATE: certificate,
      REFUNDRY_TLS_KEY: key,
    },
    ['serve'],
  );
  let said = '';
  server.stdout?.on('data', (text: string) => (said += text));
  const port = await new Promise<number>((resolve, reject) => {
    server.stdout?.on('data', () => {
      const shown = /https:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (shown !== undefined) resolve(Number(shown));
    });
    void ended.then(({ stderr }) => reject(new Error(`it ended: ${said} ${stderr}`)));
  });
  for (const [version, expected] of [
    ['TLSv1', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
    ['TLSv1.1', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
    ['TLSv1.2', 'TLSv1.2'],
    ['TLSv1.3', 'TLSv1.3'],
  ] as const) {
    assert.equal(await handshake(port, version), expected, version);
  }
  server.kill('SIGTERM');
  assert.equal((await ended).code, 0);
});

test('a server that speaks outdated versions is one with which this handshake succeeds', async () => {
  const lax = createServer({ cert: ca, key: readFileSync(key), minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
  lax.listen(0, '127.0.0.1');
  await once(lax, 'listening');
  const { port } = lax.address() as AddressInfo;
  for (const version of VERSIONS) assert.equal(await handshake(port, version), version);
  lax.close();
});
