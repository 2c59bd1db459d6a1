/** Which page is where. Each is loaded when somebody goes there. */
import type { ComponentType } from 'react';
import { createBrowserRouter, type RouteObject } from 'react-router';
import { NotFound, PageFailed } from './failures.tsx';
import { Shell } from './shell.tsx';

type PageModule = { readonly default: ComponentType };

const page = (path: string, load: () => Promise<PageModule>): RouteObject => ({
  path,
  lazy: async () => ({ Component: (await load()).default }),
  ErrorBoundary: PageFailed,
  // Before the first page is there, nothing is: it comes in a moment.
  HydrateFallback: () => null,
});

export const createRouter = () =>
  createBrowserRouter(
    [
      page('/sign-in', () => import('../pages/sign-in/index.tsx')),
      {
        Component: Shell,
        ErrorBoundary: PageFailed,
        HydrateFallback: () => null,
        children: [
          page('/', () => import('../pages/overview/index.tsx')),
          page('/search', () => import('../pages/search/index.tsx')),
          page('/payments', () => import('../pages/payments/index.tsx')),
          page('/payments/:id', () => import('../pages/payment/index.tsx')),
          page('/refunds', () => import('../pages/refunds/index.tsx')),
          page('/refunds/:id', () => import('../pages/refunds/refund.tsx')),
          page('/approvals', () => import('../pages/approvals/index.tsx')),
          page('/bulk', () => import('../pages/bulk/index.tsx')),
          page('/bulk/:id', () => import('../pages/bulk/run.tsx')),
          page('/merchants', () => import('../pages/merchants/index.tsx')),
          page('/merchants/:id', () => import('../pages/merchants/merchant.tsx')),
          page('/books', () => import('../pages/books/index.tsx')),
          page('/protocols', () => import('../pages/protocols/index.tsx')),
          page('/protocols/:name', () => import('../pages/protocols/protocol.tsx')),
          { path: '*', Component: NotFound },
        ],
      },
    ],
    { basename: '/console' },
  );
