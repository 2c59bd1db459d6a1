/** The pages that can be reached from everywhere. */
import {
  IconArrowBackUp,
  IconBook2,
  IconBuildingStore,
  IconChecklist,
  IconCreditCard,
  type IconProps,
  IconLayoutDashboard,
  IconPlugConnected,
  IconStack2,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';

export interface Destination {
  readonly path: string;
  readonly title: string;
  readonly icon: ComponentType<IconProps>;
}

export const DESTINATIONS: readonly Destination[] = [
  { path: '/', title: 'Overview', icon: IconLayoutDashboard },
  { path: '/payments', title: 'Payments', icon: IconCreditCard },
  { path: '/refunds', title: 'Refunds', icon: IconArrowBackUp },
  { path: '/approvals', title: 'Approvals', icon: IconChecklist },
  { path: '/bulk', title: 'Bulk refunds', icon: IconStack2 },
  { path: '/merchants', title: 'Merchants', icon: IconBuildingStore },
  { path: '/books', title: 'Books', icon: IconBook2 },
  { path: '/protocols', title: 'Protocols', icon: IconPlugConnected },
];
