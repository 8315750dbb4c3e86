import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Settings } from './settings.js';

const LOCAL = 'http://127.0.0.1:8303';

const admin = (settings: Settings) => settings.requiredAddressOf('admin-service');

describe('settings', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'weir-cli-'));
    mkdirSync(home, { recursive: true });
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const stack = (content: object | string): void =>
    writeFileSync(join(home, 'stack.json'), typeof content === 'string' ? content : JSON.stringify(content));
  const running = (): void =>
    stack({
      apps: { 'admin-service': { url: LOCAL, pid: 1 }, 'ingest-api': { url: 'http://127.0.0.1:8300', pid: 2 } },
      engines: {
        kafka: { bootstrapServers: '127.0.0.1:9392', pids: [3] },
        schemaRegistry: { url: 'http://127.0.0.1:8381', pid: 4 },
      },
      demo: { tenantId: 'demo', apiKey: 'wk_demo_secret', operatorKey: 'wo_demo_secret' },
    });
  const load = (flags: object = {}, environment: object = {}): Settings =>
    Settings.load(flags, { WEIR_HOME: home, ...environment });

  it('come from the local stack where nothing else is said, so that nothing has to be set after npm start', () => {
    running();
    const settings = load();
    expect(admin(settings)).toMatchObject({ url: LOCAL, local: true });
    expect(settings.operatorKey(admin(settings))).toBe('wo_demo_secret');
    expect(settings.apiKey(settings.requiredAddressOf('ingest-api'))).toBe('wk_demo_secret');
    expect(settings.stack?.bootstrapServers).toBe('127.0.0.1:9392');
  });

  it('come from flags before the environment, and from that before the local stack', () => {
    running();
    const environment = { WEIR_ADMIN_URL: 'http://environment:1/' };
    expect(admin(load({}, environment))).toEqual({ url: 'http://environment:1', from: 'WEIR_ADMIN_URL', local: false });
    expect(admin(load({ adminUrl: 'http://flag:1' }, environment))).toMatchObject({
      url: 'http://flag:1',
      from: '--admin-url',
    });
  });

  it("never send the local stack's key to an address that was named otherwise", () => {
    running();
    const settings = load({ adminUrl: 'https://weir.example.com' });
    expect(() => settings.operatorKey(admin(settings))).toThrow(
      "An operator's key is needed: give it by --key-file or WEIR_OPERATOR_KEY.",
    );
    const same = load({ adminUrl: `${LOCAL}/` });
    expect(same.operatorKey(admin(same))).toBe('wo_demo_secret');
  });

  it('name flag and variable of what is missing, in one sentence', () => {
    expect(() => load().requiredAddressOf('query-api')).toThrow(
      'Where query-api is, is not known: give --query-url or WEIR_QUERY_URL, or run weir where a local stack runs (npm start).',
    );
  });

  it('take a key from a file, without the line end after it, before any variable', () => {
    const file = join(home, 'key');
    writeFileSync(file, 'wo_file_secret\n');
    const settings = load({ adminUrl: LOCAL, keyFile: file }, { WEIR_OPERATOR_KEY: 'wo_environment_secret' });
    expect(settings.operatorKey(admin(settings))).toBe('wo_file_secret');
    const missing = load({ adminUrl: LOCAL, keyFile: join(home, 'none') });
    expect(() => missing.operatorKey(admin(missing))).toThrow('which cannot be read');
  });

  it('take a key from the file that WEIR_OPERATOR_KEY_FILE names', () => {
    const file = join(home, 'key');
    writeFileSync(file, 'wo_mounted_secret\n');
    const settings = load({ adminUrl: LOCAL }, { WEIR_OPERATOR_KEY_FILE: file });
    expect(settings.operatorKey(admin(settings))).toBe('wo_mounted_secret');
  });

  it('refuse a key that no header can carry, without showing it', () => {
    const settings = load({ adminUrl: LOCAL }, { WEIR_OPERATOR_KEY: 'wo_one\nwo_two' });
    expect(() => settings.operatorKey(admin(settings))).toThrow(/^(?!.*wo_one)The key of WEIR_OPERATOR_KEY is none/su);
  });

  it('refuse an address that is none', () => {
    expect(() => load({ adminUrl: 'localhost:8003' })).toThrow('--admin-url must be an address as http://host:port');
    expect(() => load({}, { WEIR_ADMIN_URL: 'weir' })).toThrow('WEIR_ADMIN_URL must be a URL');
  });

  it('say so where stack.json is no JSON, and go on without one that says less', () => {
    stack('{');
    expect(() => load()).toThrow('is no JSON');
    stack({ apps: {}, demo: null });
    expect(load().addressOf('admin-service')).toBeNull();
  });

  it('know no colours where NO_COLOR is given or --no-color was typed', () => {
    expect([load().colors, load({}, { NO_COLOR: '1' }).colors, load({ color: false }).colors]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
