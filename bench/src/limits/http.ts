/**
 * The limit of taking in over HTTP from Node: the body is read and parsed as JSON, and answered. Nothing is checked, encoded or sent.
 * Answers its port.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { serveRounds } from './rounds.js';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body: unknown = JSON.parse((chunks[0] ?? Buffer.alloc(0)).toString());
    response.writeHead(202, { 'content-type': 'application/json' });
    response.end(`{"accepted":${Array.isArray(body) ? body.length : 1}}`);
  });
});
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));

serveRounds(() => Promise.resolve({ port: (server.address() as AddressInfo).port }));
