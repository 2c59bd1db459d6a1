/** What is around every page: navigation, search, and who is signed in. */
import { AppShell, Box, Burger, Group, NavLink as MantineNavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import { Link, Outlet, ScrollRestoration, useLocation, useNavigation } from 'react-router';
import { DemoBanner } from './demo-banner.tsx';
import { Hotkeys } from './hotkeys.tsx';
import { Logo } from './logo.tsx';
import { DESTINATIONS } from './navigation.ts';
import { SearchBox } from './search-box.tsx';
import { SignedIn, useSession } from './session.tsx';
import classes from './shell.module.css';
import { ThemeToggle } from './theme-toggle.tsx';
import { UserMenu } from './user-menu.tsx';

export function Shell() {
  return (
    <SignedIn>
      <Frame />
    </SignedIn>
  );
}

function Frame() {
  const { demo } = useSession();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  const isLoading = useNavigation().state === 'loading';
  useEffect(close, [pathname, close]);
  return (
    <AppShell
      header={{ height: demo ? 80 : 52 }}
      navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <Hotkeys />
      <AppShell.Header className={classes.header ?? ''}>
        {demo && <DemoBanner />}
        <Group h={52} px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={isOpen}
            onClick={toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={isOpen ? 'Close navigation' : 'Open navigation'}
            aria-expanded={isOpen}
          />
          <Link to="/" className={classes.brand ?? ''} aria-label="Refundry, overview">
            <Logo />
            <Text component="span" fw={650} visibleFrom="sm">
              Refundry
            </Text>
          </Link>
          <Box className={classes.search ?? ''}>
            <SearchBox />
          </Box>
          <Group gap={4} wrap="nowrap">
            <ThemeToggle />
            <UserMenu />
          </Group>
        </Group>
        {isLoading && <div className={classes.progress} />}
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar ?? ''} p="xs" aria-label="Pages">
        <ScrollArea>
          <Destinations />
        </ScrollArea>
      </AppShell.Navbar>
      <Main />
      <ScrollRestoration />
    </AppShell>
  );
}

function Destinations() {
  const { pathname } = useLocation();
  return DESTINATIONS.map(({ path, title, icon: Icon }) => {
    const isHere = path === '/' ? pathname === '/' : pathname === path || pathname.startsWith(`${path}/`);
    return (
      <MantineNavLink
        key={path}
        component={Link}
        to={path}
        label={title}
        leftSection={<Icon size={17} stroke={1.7} aria-hidden />}
        active={isHere}
        aria-current={isHere ? 'page' : undefined}
        className={classes.destination ?? ''}
      />
    );
  });
}

/** After going to another page, what is read or tabbed to next is that page. */
function Main() {
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <AppShell.Main ref={main} id="main" tabIndex={-1} className={classes.main ?? ''}>
      <Box className={classes.page ?? ''}>
        <Outlet />
      </Box>
    </AppShell.Main>
  );
}
