/** Whether somebody is at the page: what it asks for by itself meanwhile must not keep them signed in for ever. */

/** Reading without touching anything takes a while. */
const PATIENCE_MS = 2 * 60_000;

let touchedAt = performance.now();

for (const touch of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const) {
  window.addEventListener(touch, () => (touchedAt = performance.now()), { capture: true, passive: true });
}

export function isAttended(): boolean {
  return performance.now() - touchedAt < PATIENCE_MS;
}
