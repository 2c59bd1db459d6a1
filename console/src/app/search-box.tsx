/** Search from every page: Enter shows all results, an arrow and Enter open one. */
import { CloseButton, Kbd, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { SEARCH_BOX_ID } from './hotkeys.tsx';

export function SearchBox() {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [parameters] = useSearchParams();
  const searched = pathname === '/search' ? (parameters.get('q') ?? '') : '';
  const [text, setText] = useState(searched);
  useEffect(() => setText(searched), [searched]);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const sought = text.trim();
        if (sought !== '') void navigate(`/search?q=${encodeURIComponent(sought)}`);
      }}
    >
      <TextInput
        id={SEARCH_BOX_ID}
        aria-label="Search payments"
        placeholder="Search by reference, id, email, last four digits, amount"
        value={text}
        maxLength={255}
        autoComplete="off"
        spellCheck={false}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          setText('');
          event.currentTarget.blur();
        }}
        leftSection={<IconSearch size={16} stroke={1.7} aria-hidden />}
        rightSection={
          text === '' ? (
            <Kbd size="xs" visibleFrom="sm" aria-hidden>
              /
            </Kbd>
          ) : (
            <CloseButton size="sm" aria-label="Clear search" onClick={() => setText('')} />
          )
        }
      />
    </form>
  );
}
