/** Paths as they may be shown and logged. */
import { maskCardNumbers } from '../core/card-number.ts';
import { maskKeys } from '../core/own-keys.ts';

/** Longer paths are of nobody's; what is answered, and logged, of them is cut. */
const PATH_SHOWN = 200;

/** The path of a URL without the query, which may carry a password, and without card numbers and keys. */
export function shownPath(url: string): string {
  const [path = ''] = url.split('?', 1);
  // Some escape twice.
  const plain = decoded(decoded(path));
  const masked = maskKeys(maskCardNumbers(plain));
  return (masked === plain ? path : encodeURI(masked)).slice(0, PATH_SHOWN);
}

/** Blanks and digits of other kinds are escaped in a path. Of what cannot be decoded, what is ASCII is. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path.replace(/%[2-7][0-9a-f]/gi, decodeURIComponent);
  }
}
