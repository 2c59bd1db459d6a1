/** Changing a policy: each rule explained as it is written, and all that changes before it is saved. */
import { Button, Checkbox, Drawer, Group, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { get, request } from '../../api/client.ts';
import { ApiError } from '../../api/error.ts';
import { refreshAll } from '../../api/queries.ts';
import type { Merchant, Policy } from '../../api/types.ts';
import { Notice } from '../../parts/notice.tsx';
import { AmountLines } from './amount-lines.tsx';
import classes from './merchants.module.css';
import { formOf, type NumberRule, type PolicyForm, readForm } from './policy-form.ts';
import { isSamePolicy, policyChanges, type Rule, RULE_TITLES, ruleSentence, wholePolicy } from './policy-words.ts';

interface PolicyEditorProps {
  readonly merchant: Merchant;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function PolicyEditor({ merchant, opened, onClose }: PolicyEditorProps) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size="lg"
      title={`Policy of ${merchant.name}`}
      keepMounted={false}
    >
      <Editor merchant={merchant} onClose={onClose} />
    </Drawer>
  );
}

/** Somebody else was faster: what is in the form was never meant to undo that. */
class ChangedMeanwhile extends Error {}

function Editor({ merchant, onClose }: Omit<PolicyEditorProps, 'opened'>) {
  const client = useQueryClient();
  // What the form began with: the page may learn of another policy while it is open.
  const [before] = useState(merchant.policy);
  const [form, setForm] = useState<PolicyForm>(() => formOf(before));
  const { policy, problems, amountProblems } = readForm(form);
  const set = (change: Partial<PolicyForm>) => setForm((now) => ({ ...now, ...change }));
  const path = `/v1/merchants/${merchant.id}/policy`;
  const save = useMutation({
    mutationFn: async (wanted: Policy) => {
      // All of it is replaced: what somebody else changed since must not be lost with it.
      if (!isSamePolicy(await get<Policy>(path), before)) throw new ChangedMeanwhile();
      return request<Policy>('PUT', path, { body: wanted });
    },
    onSuccess: () => {
      notifications.show({ color: 'teal', title: 'Policy saved', message: 'It applies from the next refund on.' });
      onClose();
    },
    onSettled: () => refreshAll(client),
  });
  const changes = policy === null ? [] : policyChanges(before, policy);
  const said = (rule: Rule) => (policy === null ? undefined : ruleSentence(policy, rule));
  const number = (rule: NumberRule, label: string, placeholder: string) => (
    <TextInput
      label={label}
      inputMode="numeric"
      placeholder={placeholder}
      value={form[rule]}
      error={problems[rule]}
      description={said(rule)}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      autoComplete="off"
      onChange={({ currentTarget }) => set({ [rule]: currentTarget.value })}
    />
  );
  const check = (rule: 'partial_refunds' | 'balance_must_cover' | 'reason_required', label: string) => (
    <Checkbox
      label={label}
      description={said(rule)}
      checked={form[rule]}
      onChange={({ currentTarget }) => set({ [rule]: currentTarget.checked })}
    />
  );
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (policy !== null && changes.length > 0 && !save.isPending) save.mutate(policy);
      }}
    >
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          Applies to refunds through every protocol. Where a partner’s protocol or a user’s limit is stricter, that
          applies.
        </Text>
        {check('partial_refunds', 'Parts may be refunded')}
        {number('refunds_per_payment', 'Refunds per payment, at most', 'Any number')}
        {number('window_days', 'Days after capture, at most', 'At any time')}
        <AmountLines
          label="Least amount of a refund"
          lines={form.minimum}
          problems={amountProblems.minimum}
          description={said('minimum')}
          onChange={(minimum) => set({ minimum })}
        />
        {check('balance_must_cover', 'The unsettled balance must cover a refund')}
        {check('reason_required', 'A reason is required')}
        <AmountLines
          label="A second person must approve above"
          lines={form.approval_above}
          problems={amountProblems.approval_above}
          description={said('approval_above')}
          onChange={(lines) => set({ approval_above: lines })}
        />
        {number('approval_hours', 'Hours to decide', '72')}
        {changes.length > 0 && (
          <Notice tone="wait" title={changes.length === 1 ? 'One rule changes' : `${changes.length} rules change`}>
            <dl className={classes.changes}>
              {changes.map(({ rule, before: was, after }) => (
                <div key={rule}>
                  <dt>{RULE_TITLES[rule]}</dt>
                  <dd>
                    <del>{was}</del>
                    <ins>{after}</ins>
                  </dd>
                </div>
              ))}
            </dl>
          </Notice>
        )}
        {policy !== null && changes.length > 0 && (
          <Text size="sm">
            <strong>The whole then:</strong> {wholePolicy(policy)}
          </Text>
        )}
        {save.error !== null && (
          <Notice tone="bad" title="The policy was not saved" live>
            <Text size="sm">
              {save.error instanceof ChangedMeanwhile
                ? 'Somebody changed it while you had it open. Close this, look at it, and begin again.'
                : save.error instanceof ApiError
                  ? save.error.detail
                  : save.error.message}
            </Text>
          </Notice>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={policy === null || changes.length === 0}>
            Save the policy
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
