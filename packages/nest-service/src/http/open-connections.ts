import type { Server as HttpServer, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

/** The connections of the server with what is asked on each, so that an end of the process waits for no caller in vain. */
@Injectable()
export class OpenConnections {
  private readonly answers = new Map<Socket, Set<ServerResponse>>();

  watch(server: HttpServer): void {
    server.on('connection', (socket: Socket) => {
      this.answers.set(socket, new Set());
      socket.once('close', () => this.answers.delete(socket));
    });
    server.on('request', ({ socket }, response: ServerResponse) => {
      const answers = this.answers.get(socket);
      answers?.add(response);
      if (answers !== undefined) ANSWERS.set(socket, answers);
      response.once('close', () => answers?.delete(response));
    });
  }

  /** Resolves once there is none left, and after `timeoutMs` at the latest. */
  async none(timeoutMs: number): Promise<void> {
    const until = performance.now() + timeoutMs;
    while (this.answers.size > 0 && performance.now() < until) await wait(POLL_MS);
  }

  /** Ends those on which nothing was asked: their callers said nothing yet, or are not done with the head of a request. */
  endQuiet(): void {
    for (const [socket, answers] of this.answers) if (answers.size === 0) socket.destroy();
  }

  /** Ends those that wait for their caller: for the rest of a request, or until it has read its answer. */
  endSlow(): void {
    for (const [socket, answers] of this.answers) if (![...answers].some(waitsForUs)) socket.destroy();
  }
}

// Node reports what is no HTTP with a socket alone, and to a handler that is there before anything can be injected.
const ANSWERS = new WeakMap<Socket, ReadonlySet<ServerResponse>>();

/** The requests that came whole over this connection and are not answered yet. */
export function unanswered(socket: Socket): readonly ServerResponse[] {
  return [...(ANSWERS.get(socket) ?? [])].filter(waitsForUs);
}

function waitsForUs({ req: request, writableEnded }: ServerResponse): boolean {
  return request.complete && !writableEnded;
}

const POLL_MS = 20;
