// CommonJS packages that require @nestjs/common (nestjs-prometheus does) get this very namespace from the resolver's
// bridge: a second copy would bring injection tokens and exception classes that Nest does not recognise.
import * as common from '@nestjs/common';

Object.assign(globalThis, { [Symbol.for('weir.jest.nest-common')]: common });
