import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';

import { SchemaIncompatibleError, SchemaRegistryUnavailableError } from '@weir/errors';
import { engines, type RegistryFault, registryFaults, RegistryProxy, uniqueName } from '@weir/testing';

import { allSubjects, connectSchemaRegistry, registerAll, subjects } from '../src/index.js';

const { answering, cut, silent } = registryFaults;
const { url } = engines().schemaRegistry;
const first = JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'string' }] });
const incompatible = JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] });

async function configOf(subject: string): Promise<unknown> {
  const response = await fetch(`${url}/config/${subject}`);
  return await response.json();
}

describe('registering', () => {
  const registry = connectSchemaRegistry({ url });

  it('gives a new subject its compatibility, whatever the registry’s own default is', async () => {
    const subject = uniqueName('new');
    await registry.register(subject, first, 'BACKWARD');
    expect(await configOf(subject)).toEqual({ compatibilityLevel: 'BACKWARD' });
  });

  it('corrects a subject that somebody set to NONE, before the schema is taken', async () => {
    const subject = uniqueName('loose');
    await registry.register(subject, first, 'BACKWARD');
    await fetch(`${url}/config/${subject}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ compatibility: 'NONE' }),
    });
    await expect(registry.register(subject, incompatible, 'BACKWARD')).rejects.toBeInstanceOf(SchemaIncompatibleError);
    expect(await configOf(subject)).toEqual({ compatibilityLevel: 'BACKWARD' });
  });

  it('answers with the same id for the same schema, also to several processes at once', async () => {
    const subject = uniqueName('same');
    const ids = await Promise.all(
      Array.from({ length: 5 }, () => connectSchemaRegistry({ url }).register(subject, first, 'BACKWARD')),
    );
    expect(new Set([...ids, await registry.idOf(subject, first)]).size).toBe(1);
  });

  it('rejects for good where the registry refuses the schema', async () => {
    const subject = uniqueName('refused');
    await registry.register(subject, first, 'BACKWARD');
    await expect(registry.register(subject, incompatible, 'BACKWARD')).rejects.toMatchObject({ retryable: false });
    await expect(registry.register(subject, '{"type":"nonsense"}', 'BACKWARD')).rejects.toMatchObject({
      code: 'schema_incompatible',
    });
  });

  it('registers every version of every subject, and changes nothing the second time', async () => {
    const registered = await registerAll(registry);
    expect(registered).toHaveLength(allSubjects.flatMap(({ versions }) => versions).length);
    expect(await registerAll(registry)).toEqual(registered);
    const versions = await fetch(`${url}/subjects/${subjects.metricsRaw.subject}/versions`);
    expect(await versions.json()).toEqual(expect.arrayContaining([1, 2, 3]));
  });
});

describe('asking', () => {
  const registry = connectSchemaRegistry({ url });

  it('tells an id and a schema that a live registry does not have', async () => {
    expect(await registry.schemaById(2_000_000_000)).toBeNull();
    expect(await registry.idOf(uniqueName('none'), first)).toBeNull();
    const subject = uniqueName('other');
    await registry.register(subject, first, 'BACKWARD');
    expect(await registry.idOf(subject, incompatible)).toBeNull();
  });

  it('gives the text that was registered', async () => {
    const id = await registry.register(uniqueName('text'), first, 'BACKWARD');
    expect(await connectSchemaRegistry({ url }).schemaById(id)).toBe(first);
    await expect(registry.ping()).resolves.toBeUndefined();
  });
});

describe('through a network that fails', () => {
  const proxy = new RegistryProxy(url);
  beforeEach(async () => await proxy.start());
  afterEach(async () => {
    proxy.fault = undefined;
    proxy.requests.length = 0;
    await proxy.stop();
  });

  const page = '<html>no such page</html>';
  it.each<[string, RegistryFault]>([
    ['500', answering(500, '{"message":"boom","error_code":50001}')],
    ['503 of a proxy', answering(503, page, 'text/html')],
    ['404 of a proxy', answering(404, page, 'text/html')],
    ['an empty 404', answering(404, '')],
    ['401', answering(401, '{"message":"who are you?","error_code":401}')],
    ['a 200 that is no registry’s', answering(200, page, 'text/html')],
    ['a 200 whose body is null', answering(200, 'null')],
    ['a 200 of another shape', answering(200, '{}')],
    ['no answer', silent],
    ['a connection cut within the answer', cut],
  ])('takes %s for a registry that is away, in every call', async (_, fault) => {
    const registry = connectSchemaRegistry({ url: proxy.url, requestTimeoutMs: 300 });
    proxy.fault = () => fault;
    const unavailable = { code: 'schema_registry_unavailable', retryable: true };
    await Promise.all([
      expect(registry.schemaById(1)).rejects.toMatchObject(unavailable),
      expect(registry.idOf('any', first)).rejects.toMatchObject(unavailable),
      expect(registry.register('any', first, 'BACKWARD')).rejects.toMatchObject(unavailable),
      expect(registry.ping()).rejects.toMatchObject(unavailable),
    ]);
  });

  it('takes a refused connection for a registry that is away, and is served once it is back', async () => {
    const registry = connectSchemaRegistry({ url: proxy.url });
    await proxy.stop();
    await expect(registry.ping()).rejects.toBeInstanceOf(SchemaRegistryUnavailableError);
    await proxy.start();
    await expect(registry.ping()).resolves.toBeUndefined();
  });

  it('asks once for an id, however many ask at the same time and afterwards', async () => {
    const id = await connectSchemaRegistry({ url }).register(uniqueName('once'), first, 'BACKWARD');
    const registry = connectSchemaRegistry({ url: proxy.url });
    const texts = await Promise.all(Array.from({ length: 1_000 }, () => registry.schemaById(id)));
    await proxy.stop();
    expect(await registry.schemaById(id)).toBe(first);
    expect(new Set(texts)).toEqual(new Set([first]));
    expect(proxy.requests).toEqual([`GET /schemas/ids/${id}`]);
    await proxy.start();
  });

  it('sends the credentials and keeps them out of every error', async () => {
    const secret = 'hunter2-and-more';
    const inAddress = proxy.url.replace('http://', `http://weir:${secret}@`);
    for (const registry of [
      connectSchemaRegistry({ url: proxy.url, username: 'weir', password: secret }),
      connectSchemaRegistry({ url: inAddress }),
    ]) {
      proxy.authorizations.clear();
      proxy.fault = () => answering(401, '{"message":"no","error_code":401}');
      const error = await registry.ping().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SchemaRegistryUnavailableError);
      expect([...proxy.authorizations]).toEqual([`Basic ${Buffer.from(`weir:${secret}`).toString('base64')}`]);
      const everything = inspect(error, { depth: 10, showHidden: true });
      expect(everything).not.toContain(secret);
      expect(everything).not.toContain(Buffer.from(`weir:${secret}`).toString('base64'));
    }
  });
});
