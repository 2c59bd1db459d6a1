/** `refundry merchant …`: whose payments these are, and what their policy allows. */
import { Command } from 'commander';
import { balanceView, merchantView, policyView } from '../api/views.ts';
import type { Merchant } from '../core/account.ts';
import { refusal } from '../core/errors.ts';
import { textFault } from '../core/json.ts';
import { OPEN_POLICY } from '../core/policy.ts';
import { Failure, usage } from './failure.ts';
import { fields, money, print, printJson, table, time } from './output.ts';
import { changePolicy, describePolicy, POLICY_HELP } from './policy-text.ts';
import { accepted, type CommonOptions, onBooks, type Session, withSession } from './session.ts';

interface SetOptions extends CommonOptions {
  readonly set?: readonly string[];
}

/** As the API has it. */
const MAX_NAME_LENGTH = 255;
const PAGE = 200;

export function merchantCommand(): Command {
  const merchant = new Command('merchant').description('merchants, their balances and their policy');
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

  onBooks(
    merchant
      .command('create <name>')
      .description('make a merchant and say its id; --json prints it for programs')
      .option('--set <setting=value>', 'a setting of its policy, see below', collect)
      .addHelpText('after', POLICY_HELP),
  ).action(createMerchant);
  onBooks(merchant.command('list').description('all merchants, oldest first')).action(listMerchants);
  onBooks(merchant.command('show <id>').description('balances and policy')).action(showMerchant);
  onBooks(
    merchant
      .command('policy <id>')
      .description('show the policy, or change it with --set')
      .option('--set <setting=value>', 'change a setting, see below', collect)
      .addHelpText('after', POLICY_HELP),
  ).action(policyOfMerchant);
  return merchant;
}

async function createMerchant(name: string, options: SetOptions): Promise<void> {
  const fault = name.trim() === '' ? 'must not be empty' : textFault(name);
  if (fault !== null || name.length > MAX_NAME_LENGTH) {
    throw usage(`the name ${fault ?? `must have at most ${MAX_NAME_LENGTH} characters`}`);
  }
  const policy = changePolicy(OPEN_POLICY, options.set ?? []);
  await withSession(options, { permission: 'administer' }, async (session) => {
    const { refundry } = session;
    const id = refundry.engine.newMerchantId();
    const outcome = accepted(await session.execute(id, { kind: 'create_merchant', name, policy }));
    // Given again from the journal, an outcome has no merchant.
    const merchant = outcome.merchant ?? (await existing(session, id));
    if (options.json === true) printJson(merchantView(merchant));
    else print(`Made merchant ${id} (${name}).`);
  });
}

async function listMerchants(options: CommonOptions): Promise<void> {
  await withSession(options, { permission: 'read' }, async (session) => {
    const merchants = await allMerchants(session);
    if (options.json === true) printJson({ merchants: merchants.map(merchantView) });
    else if (merchants.length === 0) print('There are no merchants yet: refundry merchant create "Example Ltd"');
    else
      print(
        table(
          ['id', 'name', 'made'],
          merchants.map(({ id, name, createdAt }) => [id, name, time(createdAt)]),
        ),
      );
  });
}

/** All that this identity may see. */
export async function allMerchants({ refundry, identity }: Session): Promise<Merchant[]> {
  if (identity.merchantId !== null) {
    const own = await refundry.accounts.merchant(identity.merchantId);
    return own === null ? [] : [own];
  }
  const merchants: Merchant[] = [];
  let after: string | null = null;
  do {
    const page: { items: readonly Merchant[]; next: string | null } = await refundry.accounts.merchants(PAGE, after);
    merchants.push(...page.items);
    after = page.next;
  } while (after !== null);
  return merchants;
}

async function showMerchant(id: string, options: CommonOptions): Promise<void> {
  await withSession(options, { permission: 'read' }, async (session) => {
    const merchant = await existing(session, id);
    const balances = await session.refundry.accounts.balances(id);
    if (options.json === true) {
      printJson({ ...merchantView(merchant), balances: balances.map(balanceView) });
      return;
    }
    print(
      fields([
        ['merchant', merchant.id],
        ['name', merchant.name],
        ['made', time(merchant.createdAt)],
      ]),
    );
    print('\nPolicy');
    print(fields(describePolicy(merchant.policy), '  '));
    if (balances.length === 0) {
      print('\nNo balances yet.');
      return;
    }
    const amounts = ['unsettled', 'held for refunds', 'settled'];
    const rows = balances.map(({ currency, minor }) => [
      currency,
      ...[minor.merchant_unsettled, minor.refunds_payable, minor.merchant_settled].map((one) => money(one, currency)),
    ]);
    print('\nBalances');
    print(table(['currency', ...amounts], rows, amounts, '  '));
  });
}

async function policyOfMerchant(id: string, options: SetOptions): Promise<void> {
  const permission = options.set === undefined ? 'read' : 'administer';
  await withSession(options, { permission }, async (session) => {
    let { policy } = await existing(session, id);
    if (options.set !== undefined) {
      policy = changePolicy(policy, options.set);
      accepted(await session.execute(id, { kind: 'set_policy', policy }));
    }
    if (options.json === true) printJson(policyView(policy));
    else print(fields(describePolicy(policy)));
  });
}

/** Throws `Failure` (`resource_not_found`); another merchant's is as unknown to a key as none. */
export async function existing({ refundry, identity }: Session, id: string): Promise<Merchant> {
  const isVisible = identity.merchantId === null || identity.merchantId === id;
  const merchant = isVisible ? await refundry.accounts.merchant(id) : null;
  if (merchant === null) throw Failure.from(refusal('resource_not_found', `there is no merchant ${id}`));
  return merchant;
}
