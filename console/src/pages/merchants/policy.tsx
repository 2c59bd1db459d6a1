import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Merchant } from '../../api/types.ts';
import { useMay } from '../../app/session.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PolicyEditor } from './policy-editor.tsx';
import { RULE_TITLES, RULES, ruleSentence } from './policy-words.ts';

/** What the merchant allows, rule by rule. */
export function PolicyPanel({ merchant }: { readonly merchant: Merchant }) {
  const mayChange = useMay('administer');
  const [isEditing, { open, close }] = useDisclosure(false);
  return (
    <Panel
      title="Policy"
      aside={
        mayChange ? (
          <Button variant="default" size="xs" onClick={open}>
            Change
          </Button>
        ) : undefined
      }
    >
      <Facts facts={RULES.map((rule) => [RULE_TITLES[rule], ruleSentence(merchant.policy, rule)])} />
      <PolicyEditor merchant={merchant} opened={isEditing} onClose={close} />
    </Panel>
  );
}
