import kafka from '@confluentinc/kafka-javascript';
import { readFileSync } from 'node:fs';
import { clientSettings } from './src/clients/client-settings.js';
const e = JSON.parse(readFileSync('/tmp/sec/engines.json','utf8'));
const names = new Map(Object.entries(kafka.CODES.ERRORS).map(([n,c])=>[c,n]));
const conn = (o={}) => ({ bootstrapServers: o.bootstrap ?? e.kafka.secured.bootstrapServers, clientId:'probe', securityProtocol: 'SASL_SSL', sasl: {mechanism: o.mech ?? 'SCRAM-SHA-512', username: o.user ?? 'alice', password: o.password ?? 'wonder'}, ssl: {caLocation: o.ca ?? e.kafka.secured.caLocation}});
const show = (err) => err ? `${names.get(err.code)} ${err.code} fatal=${err.isFatal} ${err.message}` : 'none';
const cases = { good: {}, good256: {mech:'SCRAM-SHA-256'}, password: {password:'nope'}, user: {user:'bob'}, ca: {ca: process.argv[2]}, plaintextPort: {bootstrap: e.kafka.bootstrapServers}, noCaFile: {ca:'/nonexistent.pem'}, localhost: {bootstrap: e.kafka.secured.bootstrapServers.replace('127.0.0.1','localhost')}, wrongHost: {bootstrap: e.kafka.secured.bootstrapServers.replace('127.0.0.1', (await import('node:os')).hostname())} };
for (const [name, o] of Object.entries(cases)) {
  for (const kind of ['Producer','KafkaConsumer','Admin']) {
    const events = [];
    const seen = (err) => events.push(show(err));
    try {
      const s = clientSettings(conn(o));
      if (kind === 'Admin') {
        const c = kafka.AdminClient.create(s, {'event.error': seen, 'event.log': (l)=>events.push('LOG '+l.message)});
        const r = await new Promise(res => c.getMetadata({timeout: 3000, allTopics: true}, (err, v) => res(err ? 'metadata: '+show(err) : 'metadata ok '+v.topics.length)));
        const r2 = await new Promise(res => c.listTopics({timeout: 3000}, (err, v) => res(err ? 'listTopics: '+show(err) : 'list ok')));
        console.log(name, kind, '|', r, '|', r2, '|', [...new Set(events)].join(' ;; ')); c.disconnect();
      } else {
        const c = kind === 'Producer' ? new kafka.Producer({...s, dr_cb: true}) : new kafka.KafkaConsumer({...s, 'group.id': 'a.g', 'enable.auto.commit': false});
        c.on('event.error', seen);
        c.on('event.log', (l)=>events.push('LOG '+l.message));
        const r = await new Promise(res => c.connect({timeout: 3000, allTopics: false}, (err) => res(err ? 'connect: '+show(err) : 'connect ok')));
        await new Promise(r=>setTimeout(r,300));
        console.log(name, kind, '|', r, '|', [...new Set(events)].join(' ;; '));
        await new Promise(r => { c.disconnect(()=>r(undefined)); setTimeout(r, 2000); });
      }
    } catch (err) { console.log(name, kind, 'THROWN', show(err), events); }
  }
}
process.exit(0);
