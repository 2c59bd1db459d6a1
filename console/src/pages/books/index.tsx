/** The books: what every account holds, every entry, and the proof that nobody changed them. */
import { Tabs } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Journal } from './journal.tsx';
import './print.css';
import { TrialBalance } from './trial-balance.tsx';
import { Verify } from './verify.tsx';

const VIEWS = ['balance', 'journal', 'verify'] as const;
type View = (typeof VIEWS)[number];

const TITLES: Readonly<Record<View, string>> = {
  balance: 'Trial balance',
  journal: 'Journal',
  verify: 'Verify',
};

export default function BooksPage() {
  const { user } = useSession();
  const [parameters, setParameters] = useSearchParams();
  // Proving reads everything: it is for those who may see everything.
  const offered = VIEWS.filter((view) => view !== 'verify' || user.role === 'admin');
  const view = offered.find((each) => each === parameters.get('view')) ?? 'balance';
  return (
    <>
      <PageTitle title="Books" />
      <Tabs
        value={view}
        onChange={(next) => setParameters(next === null || next === 'balance' ? {} : { view: next })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {offered.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {TITLES[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="balance">
          <TrialBalance />
        </Tabs.Panel>
        <Tabs.Panel value="journal">
          <Journal />
        </Tabs.Panel>
        {offered.includes('verify') && (
          <Tabs.Panel value="verify">
            <Verify />
          </Tabs.Panel>
        )}
      </Tabs>
    </>
  );
}
