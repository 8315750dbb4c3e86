import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { RequestRefused } from './problems.js';

const inflate = promisify(gunzip);

/**
 * What a gzip body holds; several members in a row are one body (RFC 1952, section 2.2).
 *
 * Stops at `maxBytes`, however much more there is: a bomb costs what an honest body may. Throws RequestRefused
 * `decompressed_too_large` or `invalid_gzip`.
 */
export async function decompress(body: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await inflate(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE')
      throw new RequestRefused(
        'decompressed_too_large',
        `The body is larger than ${maxBytes} bytes once decompressed. Send smaller batches.`,
      );
    throw new RequestRefused('invalid_gzip', undefined, { cause: error });
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
