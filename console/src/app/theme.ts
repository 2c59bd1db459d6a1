/** How the console looks: calm and dense; one accent, the system's fonts, figures that line up. */
import {
  Badge,
  Button,
  createTheme,
  type CSSVariablesResolver,
  Drawer,
  Modal,
  type MantineColorsTuple,
  NativeSelect,
  Table,
  TextInput,
} from '@mantine/core';

const harbor: MantineColorsTuple = [
  '#eff5fa',
  '#dde9f2',
  '#bcd3e4',
  '#92b6d1',
  '#6b9bbf',
  '#4a82ac',
  '#356f9b',
  '#22577f',
  '#1b4868',
  '#143a55',
];

/** Mantine's neutral greys, with a little of the accent's blue. */
const dark: MantineColorsTuple = [
  '#dde3ea',
  '#b3bec9',
  '#9aa6b2',
  '#6c7885',
  '#434e5a',
  '#2c343d',
  '#222930',
  '#1b2027',
  '#161a20',
  '#101419',
];

const DIALOG = {
  closeButtonProps: { 'aria-label': 'Close' },
  // A page has one banner, and a dialog's heading is not it.
  attributes: { header: { role: 'presentation' } },
};

export const theme = createTheme({
  primaryColor: 'harbor',
  // Both shades keep white text above 4.5:1.
  primaryShade: { light: 7, dark: 6 },
  colors: { harbor, dark },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: {
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.35' },
      h2: { fontSize: '0.9375rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Badge: Badge.extend({ defaultProps: { radius: 'sm' } }),
    Button: Button.extend({ defaultProps: { size: 'sm' } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'sm' } }),
    NativeSelect: NativeSelect.extend({ defaultProps: { size: 'sm' } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 7, horizontalSpacing: 'sm' } }),
    Drawer: Drawer.extend({ defaultProps: DIALOG }),
    Modal: Modal.extend({ defaultProps: DIALOG }),
  },
});

/** Mantine's own dimmed and error colours are too faint to read (below 4.5:1). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f6f7f9',
    '--mantine-color-text': '#1a222b',
    '--mantine-color-dimmed': '#55606c',
    '--mantine-color-error': '#b42318',
    '--mantine-color-placeholder': '#6b7683',
    '--surface': '#ffffff',
    '--surface-sunken': '#f0f2f5',
    '--line': '#dfe3e8',
    '--line-strong': '#c4cbd3',
  },
  dark: {
    '--mantine-color-body': '#14181d',
    '--mantine-color-text': '#dde3ea',
    '--mantine-color-dimmed': '#9aa6b2',
    '--mantine-color-error': '#ff8f85',
    '--mantine-color-placeholder': '#8593a1',
    '--surface': '#1b2027',
    '--surface-sunken': '#161a20',
    '--line': '#2c343d',
    '--line-strong': '#434e5a',
  },
});
