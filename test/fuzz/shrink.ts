/** The same fault with fewer headers and without a body. */
import { bytesOf, type Draft } from './draft.ts';
import { Random } from '../kit/random.ts';

/** The bytes of the smallest request that still has the fault; `null` where it does not come again. */
export async function shrink(draft: Draft, isStillWrong: (bytes: Buffer) => Promise<boolean>): Promise<Buffer | null> {
  const asks = async (): Promise<Buffer | null> => {
    const { body } = draft;
    const head = bytesOf({ ...draft, body: null }, new Random(1));
    const length = Buffer.from(`content-length: ${body?.length ?? 0}\r\n\r\n`);
    const bytes = body === null ? head : Buffer.concat([head.subarray(0, -2), length, body]);
    return (await isStillWrong(bytes)) ? bytes : null;
  };
  let smallest = await asks();
  if (smallest === null) return null;
  for (const header of [...draft.headers]) {
    if (header[0] === 'host') continue;
    const before = draft.headers;
    draft.headers = before.filter((one) => one !== header);
    const smaller = await asks();
    if (smaller === null) draft.headers = before;
    else smallest = smaller;
  }
  if (draft.body === null) return smallest;
  draft.body = null;
  return (await asks()) ?? smallest;
}
