import { applyDecorators, Controller, SetMetadata } from '@nestjs/common';
import { ApiExtension, ApiSecurity, ApiTags } from '@nestjs/swagger';

import type { Role } from './roles.js';

export const ALLOWED = Symbol('who may call this, and what it is called in the audit');

export interface Allowed {
  /** The least role that may. */
  readonly role: Role;
  /** As it stands in the audit: `tenants.create`. */
  readonly action: string;
}

/** Says who may call a route. One that does not say is closed to everybody. */
export const Allows = (role: Role, action: string): MethodDecorator =>
  applyDecorators(SetMetadata(ALLOWED, { role, action } satisfies Allowed), ApiExtension('x-weir-role', role));

/** A controller below `/api/v1`. */
export const AdminController = (path: string): ClassDecorator =>
  applyDecorators(Controller(`api/v1/${path}`), ApiTags(path), ApiSecurity('operator-key'));
