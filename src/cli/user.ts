/** `refundry user …`: people who sign in to the console. Their passwords are asked for, and kept stretched only. */
import { Command, Option } from 'commander';
import { credentialView } from '../api/views.ts';
import type { Credential } from '../core/account.ts';
import { invalidParameter, refusal } from '../core/errors.ts';
import { textFault } from '../core/json.ts';
import { currencyExponent, decimalFault, isCurrency, parseMajor } from '../core/money.ts';
import type { AmountByCurrency } from '../core/policy.ts';
import { CONSOLE_PROTOCOL, limitsOf, USER_ROLES, type UserRole } from '../core/user.ts';
import { newUser } from '../engine/users.ts';
import { created } from './credential.ts';
import { Failure, usage } from './failure.ts';
import { allMerchants, existing } from './merchant.ts';
import { money, print, printJson, table, time } from './output.ts';
import { readNewPassword } from './password.ts';
import { accepted, type CommonOptions, onBooks, type Session, withSession } from './session.ts';

interface PasswordOptions extends CommonOptions {
  readonly passwordStdin?: true;
}

interface CreateOptions extends PasswordOptions {
  readonly role: UserRole;
  readonly merchant?: string;
  readonly limit?: readonly string[];
  readonly label?: string;
}

const MAX_LABEL_LENGTH = 255;

const ROLES_HELP = `
Roles:
  admin      everything, for every merchant
  operator   asks for refunds and cancels them; above a --limit, and in currencies without one, a second person approves
  approver   approves and rejects what others asked for
  read       looks (the console calls it viewer)`;

export function userCommand(): Command {
  const user = new Command('user').description('people who sign in to the console');
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

  onBooks(
    withPassword(
      user
        .command('create <name>')
        .description('make a user, and ask for the password')
        .addOption(new Option('--role <role>', 'what they may do').choices(USER_ROLES).makeOptionMandatory())
        .option('--merchant <id>', 'only for this merchant; without it, for all')
        .option('--limit <amount>', 'what an operator may refund alone: "USD 100.00"; again for more', collect)
        .option('--label <text>', 'their name for people'),
    ).addHelpText('after', ROLES_HELP),
  ).action(createUser);
  onBooks(user.command('list').description('all users, disabled ones included')).action(listUsers);
  onBooks(
    user
      .command('disable <name>')
      .description('end all their sessions, and let them in no more: servers refuse them within two seconds'),
  ).action(disableUser);
  onBooks(
    withPassword(user.command('password <name>').description('set another password; ends all their sessions')),
  ).action(changePassword);
  return user;
}

const withPassword = (command: Command): Command =>
  command.option('--password-stdin', 'read the password from the first line of standard input');

async function createUser(name: string, options: CreateOptions): Promise<void> {
  const { role, label = name } = options;
  const fault = textFault(label);
  if (fault !== null || label.length > MAX_LABEL_LENGTH) {
    throw usage(`--label ${fault ?? `must have at most ${MAX_LABEL_LENGTH} characters`}`);
  }
  if (role === 'admin' && options.merchant !== undefined) throw usage('administrators have no --merchant');
  const limits = readLimits(options.limit ?? []);
  const password = await readNewPassword(name, options.passwordStdin === true);
  const credential = await newUser({ name, role, label, limits, password });
  await withSession(options, { permission: 'administer' }, async (session) => {
    const merchant = options.merchant === undefined ? null : await existing(session, options.merchant);
    const refuseTaken = async (): Promise<void> => {
      if ((await liveUsers(session, name)).length === 0) return;
      throw Failure.from(refusal('duplicate_reference', `there is a user ${name} already`, { name }));
    };
    await refuseTaken();
    const outcome = await session.execute(merchant?.id ?? null, { kind: 'create_credential', credential });
    // What the database refused where nobody was a moment ago: somebody made that user in this moment.
    if (outcome.refusal?.code === 'internal_error') await refuseTaken();
    const made = await created(session, outcome);
    if (options.json === true) printJson(credentialView(made));
    else
      print(`Made user ${name}: role ${role}, ${merchant === null ? 'for every merchant' : `for ${merchant.name}`}.`);
  });
}

/** `USD 100.00`. Throws `Failure` (`usage`). */
function readLimits(texts: readonly string[]): AmountByCurrency {
  const limits: Record<string, bigint> = {};
  for (const text of texts) {
    const [, currency = '', amount = ''] = /^([A-Z]{3}) +(\S+)$/.exec(text.trim()) ?? [];
    if (!isCurrency(currency))
      throw usage(`--limit ${JSON.stringify(text)}: write a currency and an amount: "USD 100.00"`);
    const fault = decimalFault(amount);
    const minor = fault === null ? parseMajor(amount, currency) : null;
    if (minor === null) {
      throw usage(`--limit ${text}: ${fault ?? `${currency} has ${currencyExponent(currency)} decimals`}`);
    }
    if (limits[currency] !== undefined) throw usage(`--limit ${currency} is given twice`);
    limits[currency] = minor;
  }
  return limits;
}

async function listUsers(options: CommonOptions): Promise<void> {
  await withSession(options, { permission: 'read' }, async (session) => {
    const bound = session.identity.merchantId;
    const all = await session.refundry.accounts.credentialsOf(CONSOLE_PROTOCOL);
    const users = all.filter(({ merchantId }) => bound === null || merchantId === bound);
    if (options.json === true) {
      printJson({ users: users.map(credentialView) });
      return;
    }
    if (users.length === 0) {
      print('There are no users yet: refundry user create --help');
      return;
    }
    const names = new Map((await allMerchants(session)).map((merchant) => [merchant.id, merchant.name]));
    const rows = users.map((user) => [
      user.lookup,
      user.label,
      user.role,
      user.merchantId === null ? '(all)' : (names.get(user.merchantId) ?? user.merchantId),
      Object.entries(limitsOf(user))
        .map(([currency, minor]) => money(minor, currency))
        .join(', '),
      user.revokedAt === null ? 'live' : `disabled ${time(user.revokedAt)}`,
    ]);
    print(table(['name', 'label', 'role', 'merchant', 'limits', 'state'], rows));
  });
}

async function disableUser(name: string, options: CommonOptions): Promise<void> {
  await withSession(options, { permission: 'administer' }, async (session) => {
    const live = await knownUser(session, name);
    if (!(await revoke(session, live))) throw changedMeanwhile(name);
    const [newest] = live.toReversed();
    const disabled = newest === undefined ? null : await session.refundry.accounts.credential(newest.id);
    if (options.json === true && disabled !== null) printJson(credentialView(disabled));
    else print(`Disabled user ${name}.`);
  });
}

/**
 * Another password is another credential, made when the old one is gone: of one name only one may live. Whatever breaks in
 * between, nobody is let in; and whoever was disabled meanwhile stays so.
 */
async function changePassword(name: string, options: PasswordOptions): Promise<void> {
  const password = await readNewPassword(name, options.passwordStdin === true);
  await withSession(options, { permission: 'administer' }, async (session) => {
    const live = await knownUser(session, name);
    const before = live.at(-1);
    if (before === undefined) throw new Error('a known user has a credential');
    if (before.demo) throw Failure.from(invalidParameter('name', 'users of demo mode have no password'));
    const { role, label } = before;
    const credential = await newUser({ name, role: role as UserRole, label, limits: limitsOf(before), password });
    if (!(await revoke(session, live))) throw changedMeanwhile(name);
    const outcome = await session.execute(before.merchantId, { kind: 'create_credential', credential });
    if (outcome.refusal !== null) {
      const left = `user ${name} is disabled now, without the new password; make the user again with refundry user create`;
      throw Failure.from({ ...outcome.refusal, message: `${outcome.refusal.message}; ${left}` });
    }
    const made = await created(session, outcome);
    if (options.json === true) printJson(credentialView(made));
    else print(`Set another password for user ${name}; whoever was signed in as ${name} is no more.`);
  });
}

/** The oldest first. */
function liveUsers(session: Session, name: string): Promise<Credential[]> {
  return session.refundry.accounts.liveCredentials(CONSOLE_PROTOCOL, name);
}

/** Throws `Failure` (`resource_not_found`). */
async function knownUser(session: Session, name: string): Promise<Credential[]> {
  const live = await liveUsers(session, name);
  if (live.length === 0)
    throw Failure.from(refusal('resource_not_found', `there is no user ${name}`, { resource: 'user' }));
  return live;
}

/** Of two who disable a user, or set another password, at once, only one has ended what both saw. */
function changedMeanwhile(name: string): Failure {
  const message = `somebody else changed user ${name} in this moment, and nothing more was done: look at user list`;
  return Failure.from(refusal('resource_not_found', message, { resource: 'user' }));
}

/** Whether any was still there to be revoked. */
async function revoke(session: Session, credentials: readonly Credential[]): Promise<boolean> {
  let wasLive = false;
  for (const { id, merchantId } of credentials) {
    const { entry } = accepted(await session.execute(merchantId, { kind: 'revoke_credential', credentialId: id }));
    // Revoking a revoked one is no entry.
    wasLive ||= entry !== null;
  }
  return wasLive;
}
