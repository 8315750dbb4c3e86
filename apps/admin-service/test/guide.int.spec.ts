import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AdminApp } from './support/admin-app.js';
import { lasting, readGuide, runCommand } from './support/guide.js';

const guide = readGuide('guides/tenants.md');
/** What is another each time. */
const CHANGING = /^(?:id|key|keyId|entryId|actor|createdBy|createdAt|updatedAt|at|userAgent|correlationId)$/;

describe('docs/guides/tenants.md', () => {
  let admin: AdminApp;
  beforeAll(async () => {
    admin = await AdminApp.start();
  });
  afterAll(() => admin.close());

  it('shows commands that answer as it says, in its order', async () => {
    expect(guide.steps.length).toBeGreaterThan(0);
    for (const { command, answer } of guide.steps) {
      const said = await runCommand(command, { ADMIN: admin.url, KEY: admin.adminKey });
      expect(lasting(JSON.parse(said), CHANGING)).toEqual(lasting(JSON.parse(answer), CHANGING));
    }
  });

  it('tells every role', () => {
    for (const role of ['viewer', 'operator', 'admin'])
      expect(guide.text).toMatch(new RegExp(`^\\| \`${role}\` +\\|`, 'm'));
  });
});
