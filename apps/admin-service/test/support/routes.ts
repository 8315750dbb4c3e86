import { RequestMethod } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { ALLOWED, type Allowed } from '../../src/access/allows.js';

export interface Route {
  readonly method: string;
  /** `/api/v1/tenants/:tenantId` */
  readonly path: string;
  /** Null where the route does not say. */
  readonly allowed: Allowed | null;
}

/** Every route below /api that Nest serves, by what its controllers declare. */
export function apiRoutes(app: NestFastifyApplication): Route[] {
  const scanner = new MetadataScanner();
  return new DiscoveryService(app.get(ModulesContainer))
    .getControllers()
    .flatMap(({ metatype }) => {
      const { prototype } = metatype as unknown as { prototype: Record<string, object> };
      return scanner.getAllMethodNames(prototype).map((name) => ({ metatype, handler: prototype[name] ?? {} }));
    })
    .filter(({ handler }) => Reflect.hasMetadata('method', handler))
    .map(({ metatype, handler }) => {
      const base = pathOf(metatype ?? {});
      return {
        method: String(RequestMethod[Reflect.getMetadata('method', handler) as number]),
        path: `/${[base, pathOf(handler)].filter((part) => part !== '').join('/')}`,
        allowed: (Reflect.getMetadata(ALLOWED, handler) as Allowed | undefined) ?? null,
      };
    })
    .filter(({ path }) => path.startsWith('/api/'));
}

const pathOf = (target: object): string => String(Reflect.getMetadata('path', target)).replaceAll(/^\/+|\/+$/g, '');
