/** Signing in: by name and password; where the server runs with demo data, with one click. */
import { Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { post } from '../../api/client.ts';
import { ApiError } from '../../api/error.ts';
import { roleTitle } from '../../api/permissions.ts';
import { read, SESSION_KEY, sessionQuery } from '../../api/queries.ts';
import type { Role, Session, SignInOffer } from '../../api/types.ts';
import { Logo } from '../../app/logo.tsx';
import { ThemeToggle } from '../../app/theme-toggle.tsx';
import classes from './sign-in.module.css';

type Credentials =
  { readonly name: string; readonly password: string } | { readonly name: string; readonly demo: true };

const DEMO_ROLES: Readonly<Partial<Record<Role, string>>> = {
  admin: 'May do everything',
  operator: 'Asks for refunds, up to a limit alone',
  approver: 'Decides on refunds that wait',
  read: 'Looks, and changes nothing',
};

/** Where to go after signing in: a page of the console, whatever somebody wrote into the link. */
function destination(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : '/';
}

export default function SignInPage() {
  const client = useQueryClient();
  const [parameters] = useSearchParams();
  const session = useQuery(sessionQuery);
  const offer = useQuery(read<SignInOffer>('/console/api/sign-in'));
  const signIn = useMutation({
    mutationFn: (credentials: Credentials) => post<Session>('/console/api/sign-in', credentials),
    onSuccess: (signedIn) => {
      // What somebody else read in this tab is not for whoever comes next.
      client.removeQueries({ queryKey: ['read'] });
      client.setQueryData(SESSION_KEY, signedIn);
    },
  });
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  useEffect(() => {
    document.title = 'Sign in · Refundry';
  }, []);
  if (session.data !== null && session.data !== undefined) {
    return <Navigate to={destination(parameters.get('next'))} replace />;
  }
  const { error } = signIn;
  const problem = error instanceof ApiError ? error.detail : error === null ? null : 'Signing in failed. Try again.';
  const demoUsers = offer.data?.demo === true ? offer.data.demo_users : [];
  return (
    <main className={classes.page}>
      <div className={classes.theme}>
        <ThemeToggle />
      </div>
      <div className={classes.card}>
        <Stack gap={6} mb="md">
          <Logo size={34} />
          <Title order={1}>Sign in to Refundry</Title>
        </Stack>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!signIn.isPending) signIn.mutate({ name: name.trim(), password });
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="Name"
              name="username"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus
              required
              withAsterisk={false}
              value={name}
              onChange={({ currentTarget }) => setName(currentTarget.value)}
            />
            <PasswordInput
              label="Password"
              name="password"
              autoComplete="current-password"
              required
              withAsterisk={false}
              value={password}
              onChange={({ currentTarget }) => setPassword(currentTarget.value)}
              visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
            />
            {problem !== null && (
              <Text size="sm" c="var(--mantine-color-error)" role="alert">
                {problem}
              </Text>
            )}
            <Button type="submit" size="md" fullWidth loading={signIn.isPending}>
              Sign in
            </Button>
          </Stack>
        </form>
        {demoUsers.length > 0 && (
          <section className={classes.demo} aria-labelledby="demo-users">
            <Title order={2} id="demo-users">
              Or look around as
            </Title>
            <div className={classes.users}>
              {demoUsers.map((user) => (
                <button
                  key={user.name}
                  type="button"
                  className={classes.user}
                  disabled={signIn.isPending}
                  onClick={() => signIn.mutate({ name: user.name, demo: true })}
                >
                  <span className={classes.role}>{roleTitle(user.role)}</span>
                  <span className={classes.deeds}>{DEMO_ROLES[user.role] ?? user.name}</span>
                </button>
              ))}
            </div>
          </section>
        )}
      </div>
    </main>
  );
}
