/** Sends a file of refunds; nothing of it is done before somebody says so. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { exchange } from '../../api/client.ts';
import { ApiError } from '../../api/error.ts';
import { refreshAll } from '../../api/queries.ts';
import type { BulkRun } from './run-view.ts';

/** The server's own bound; said here, too, because a browser that is cut off while it sends hears no reason. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

export interface Uploading {
  readonly file: File;
  /** `null`: the merchant of whoever is signed in. */
  readonly merchantId: string | null;
}

/** What the page of a run is told by the page that led there. */
export interface CameFrom {
  /** Whether the file was there before it was uploaded just now. */
  readonly isKnown: boolean;
}

export function useUpload() {
  const navigate = useNavigate();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ file, merchantId }: Uploading) => {
      if (file.size > MAX_FILE_BYTES) throw fault(`${file.name} is larger than 4 MB: split it.`);
      // As bytes, and not as the text that a browser makes of them: what is not UTF-8 is for the server to refuse.
      const bytes = await file.arrayBuffer().catch(() => {
        throw fault(`${file.name} could not be read: is it still there, and a file?`);
      });
      return exchange<BulkRun>('POST', '/console/api/bulk', {
        query: { merchant_id: merchantId, name: file.name.slice(0, 255) },
        body: new Blob([bytes]),
        contentType: 'text/csv',
      });
    },
    onSuccess: async ({ status, body }) => {
      void refreshAll(client);
      await navigate(`/bulk/${body.id}`, { state: { isKnown: status === 200 } satisfies CameFrom });
    },
  });
}

function fault(detail: string): ApiError {
  return new ApiError(400, { title: 'This file cannot be uploaded', code: 'invalid_request', detail });
}
