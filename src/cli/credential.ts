/** `refundry credential …`: who may call, over which protocol. Secrets are shown once and kept as hashes only. */
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { credentialView } from '../api/views.ts';
import type { Credential, Role } from '../core/account.ts';
import { refusal } from '../core/errors.ts';
import { textFault } from '../core/json.ts';
import {
  type CredentialRequest,
  credentialShape,
  issueCredential,
  NATIVE_PROTOCOL,
  protocols,
} from '../dialects/issue.ts';
import { Failure, usage } from './failure.ts';
import { allMerchants, existing } from './merchant.ts';
import { fields, print, printJson, table, time } from './output.ts';
import { accepted, type CommonOptions, onBooks, type Session, withSession } from './session.ts';

interface CreateOptions extends CommonOptions {
  readonly merchant?: string;
  readonly protocol: string;
  readonly role: Role;
  readonly admin?: true;
  readonly label?: string;
  readonly lookup?: string;
  readonly publicKey?: string;
  readonly setting?: readonly string[];
}

const MAX_LABEL_LENGTH = 255;

export function credentialCommand(): Command {
  const credential = new Command('credential').description('keys and secrets of those who call');

  onBooks(
    credential
      .command('create')
      .description('make a credential and print its secrets, once')
      .option('--merchant <id>', 'whose payments it may touch')
      .addOption(new Option('--protocol <name>', 'what it speaks').choices(protocols()).default(NATIVE_PROTOCOL))
      .addOption(
        new Option('--role <role>', 'what it may do').choices(['merchant', 'read', 'admin']).default('merchant'),
      )
      .option('--admin', 'a native key for administrators: every merchant, every command')
      .option('--label <text>', 'a name for people, such as "checkout server"')
      .option('--lookup <name>', 'the name that the caller sends, where the protocol has one')
      .option('--public-key <file>', 'RSA public key (PEM), where the protocol signs')
      .option('--setting <name=value>', 'what else the protocol needs; again for more values', collect)
      .addHelpText('after', shapesHelp()),
  ).action(createCredential);
  onBooks(
    credential
      .command('list')
      .description("credentials, revoked ones included: a merchant's, or all")
      .option('--merchant <id>', 'only of this merchant'),
  ).action(listCredentials);
  onBooks(
    credential.command('revoke <ids...>').description('revoke credentials: servers refuse them within two seconds'),
  ).action(revokeCredentials);
  return credential;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function shapesHelp(): string {
  const lines = protocols().map((protocol) => {
    const shape = credentialShape(protocol);
    const needs = [
      ...(shape?.lookup ? [`--lookup <${shape.lookup.label}>`] : []),
      ...(shape?.publicKey === true ? ['--public-key <file>'] : []),
      ...Object.keys(shape?.settings ?? {}).map((name) => `--setting ${name.replace('[]', '')}=…`),
    ];
    const makes = shape?.secrets.length === 0 ? 'no secret' : (shape?.secrets.join(', ') ?? '');
    return [protocol, needs.join(' ') || '-', makes];
  });
  return `\n${table(['protocol', 'needs', 'makes'], lines)}`;
}

async function createCredential(options: CreateOptions): Promise<void> {
  const role = options.admin === true ? 'admin' : options.role;
  if (role === 'admin' ? options.merchant !== undefined : role === 'merchant' && options.merchant === undefined) {
    throw usage(
      role === 'admin' ? 'administrators have no --merchant' : 'say whose it is with --merchant <id>, or --admin',
    );
  }
  if (options.merchant === undefined && options.protocol !== NATIVE_PROTOCOL) {
    throw usage(`a credential for ${options.protocol} needs --merchant <id>`);
  }
  const label = options.label ?? '';
  const labelFault = textFault(label);
  if (labelFault !== null || label.length > MAX_LABEL_LENGTH) {
    throw usage(`--label ${labelFault ?? `must have at most ${MAX_LABEL_LENGTH} characters`}`);
  }
  const request: CredentialRequest = {
    protocol: options.protocol,
    role,
    label,
    ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
    ...(options.publicKey === undefined ? {} : { publicKey: readKeyFile(options.publicKey) }),
    settings: readSettings(options.protocol, options.setting ?? []),
  };
  const { credential: made, secrets } = issueCredential(request);
  await withSession(options, { permission: 'administer' }, async (session) => {
    const merchant = options.merchant === undefined ? null : await existing(session, options.merchant);
    await refuseTaken(session, made.protocol, made.lookup, merchant?.id ?? null);
    const action = { kind: 'create_credential', credential: made } as const;
    const credential = await created(session, await session.execute(merchant?.id ?? null, action));
    if (options.json === true) {
      printJson({ ...credentialView(credential), secrets });
      return;
    }
    print(
      `Made credential ${credential.id}: ${credential.protocol}, role ${credential.role}, ${whose(merchant?.name)}.`,
    );
    if (Object.keys(secrets).length === 0) return;
    print(`\n${fields(Object.entries(secrets), '  ')}\n`);
    print('Shown this once: Refundry keeps a hash of it only. Store it where the caller keeps its secrets.');
  });
}

const whose = (merchantName: string | undefined): string =>
  merchantName === undefined ? 'for every merchant' : `for ${merchantName}`;

/**
 * Names that callers send are one per protocol in the whole installation: another merchant's caller must not be able to
 * meet this credential. Rotation within a merchant is fine: both work until the old one is revoked.
 */
async function refuseTaken(
  session: Session,
  protocol: string,
  lookup: string,
  merchantId: string | null,
): Promise<void> {
  if (await session.refundry.isNameTaken(protocol, lookup, merchantId)) {
    throw Failure.from(
      refusal('duplicate_reference', `another merchant's ${protocol} credential is called ${lookup} already`, {
        lookup,
      }),
    );
  }
}

/** An outcome that was given again from the journal names the credential only. */
export async function created(session: Session, outcome: Awaited<ReturnType<Session['execute']>>): Promise<Credential> {
  const { credential, entry } = accepted(outcome);
  if (credential !== null) return credential;
  const id = (entry?.facts as { credential_id?: string } | null)?.credential_id ?? '';
  const stored = await session.refundry.accounts.credential(id);
  if (stored === null) throw new Error(`credential ${id} was made and is not there`);
  return stored;
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usage(`--public-key: ${(error as Error).message}`);
  }
}

/** Settings by name; those that are lists take as many values as are given. */
function readSettings(protocol: string, settings: readonly string[]): Record<string, string | readonly string[]> {
  const lists = new Set(Object.keys(credentialShape(protocol)?.settings ?? {}).filter((name) => name.endsWith('[]')));
  const read: Record<string, string | readonly string[]> = {};
  for (const setting of settings) {
    const [name, value] = split(setting);
    if (name === '' || value === undefined) throw usage(`--setting ${JSON.stringify(setting)}: write name=value`);
    const before = read[name];
    if (lists.has(`${name}[]`)) read[name] = [...(Array.isArray(before) ? (before as string[]) : []), value];
    else if (before === undefined) read[name] = value;
    else throw usage(`--setting ${name} is given twice`);
  }
  return read;
}

function split(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

async function listCredentials(options: CommonOptions & { merchant?: string }): Promise<void> {
  await withSession(options, { permission: 'read' }, async (session) => {
    const { accounts } = session.refundry;
    const merchants =
      options.merchant === undefined ? await allMerchants(session) : [await existing(session, options.merchant)];
    const names = new Map(merchants.map(({ id, name }) => [id, name]));
    const isForAll = options.merchant === undefined && session.identity.merchantId === null;
    const credentials = isForAll ? await accounts.credentials(null) : [];
    for (const { id } of merchants) credentials.push(...(await accounts.credentials(id)));
    if (options.json === true) {
      printJson({ credentials: credentials.map(credentialView) });
      return;
    }
    if (credentials.length === 0) {
      print('There are no credentials yet: refundry credential create --help');
      return;
    }
    const rows = credentials.map((credential) => [
      credential.id,
      credential.merchantId === null ? '(all)' : (names.get(credential.merchantId) ?? credential.merchantId),
      credential.protocol,
      credential.role,
      credential.secretHashes.includes(credential.lookup) ? '' : credential.lookup,
      credential.label,
      credential.revokedAt === null ? 'live' : `revoked ${time(credential.revokedAt)}`,
    ]);
    print(table(['id', 'merchant', 'protocol', 'role', 'lookup', 'label', 'state'], rows));
  });
}

async function revokeCredentials(ids: readonly string[], options: CommonOptions): Promise<void> {
  await withSession(options, { permission: 'administer' }, async (session) => {
    const revoked: Credential[] = [];
    for (const id of ids) revoked.push(await revokeCredential(session, id, options.json === true));
    const [only] = revoked;
    if (options.json !== true || only === undefined) return;
    printJson(revoked.length === 1 ? credentialView(only) : { credentials: revoked.map(credentialView) });
  });
}

async function revokeCredential(session: Session, id: string, isQuiet: boolean): Promise<Credential> {
  const credential = await session.refundry.accounts.credential(id);
  if (credential === null) throw Failure.from(refusal('resource_not_found', `there is no credential ${id}`));
  const { merchantId } = credential;
  accepted(await session.execute(merchantId, { kind: 'revoke_credential', credentialId: id }));
  const revoked = (await session.refundry.accounts.credential(id)) ?? credential;
  if (!isQuiet)
    print(
      credential.revokedAt === null
        ? `Revoked credential ${id}.`
        : `Credential ${id} was revoked at ${time(credential.revokedAt)} already.`,
    );
  return revoked;
}
