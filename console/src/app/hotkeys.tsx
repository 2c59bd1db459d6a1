/** Keys that work everywhere but in a field. */
import { Kbd, Modal, Table } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';

/** The id of the search box: `/` puts the cursor there. */
export const SEARCH_BOX_ID = 'search-box';

const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'Search'],
  ['↑ ↓', 'Move in a list'],
  ['Enter', 'Open'],
  ['Esc', 'Close'],
  ['R', 'Refund the payment on screen'],
  ['?', 'These keys'],
];

export function Hotkeys() {
  const [isOpen, { open, close }] = useDisclosure(false);
  useHotkeys([
    [
      '/',
      () => {
        const box = document.getElementById(SEARCH_BOX_ID);
        if (!(box instanceof HTMLInputElement)) return;
        box.focus();
        box.select();
      },
    ],
    ['shift+?', open],
    ['?', open],
  ]);
  return (
    <Modal opened={isOpen} onClose={close} title="Keys" size="xs">
      <Table>
        <Table.Tbody>
          {KEYS.map(([key, meaning]) => (
            <Table.Tr key={key}>
              <Table.Td w={80}>
                <Kbd>{key}</Kbd>
              </Table.Td>
              <Table.Td>{meaning}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
