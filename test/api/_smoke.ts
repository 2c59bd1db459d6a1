import { randomUUID } from 'node:crypto';
import { createServer } from '../../src/server.ts';
import { createLogger } from '../../src/server/log.ts';
import { Metrics } from '../../src/server/metrics.ts';
import { Refundry } from '../../src/engine/refundry.ts';
import { startCluster } from '../kit/database.ts';
import { issueCredential } from '../../src/dialects/issue.ts';
import { writeFileSync } from 'node:fs';
const c = await startCluster();
const refundry = await Refundry.open({...c.settings, database:'refundry_template'}, {lanes:2});
const issued = issueCredential({protocol:'native', role:'admin', label:'t'});
await refundry.execute({merchantId:null, actor:'cli:test', protocol:'native', requestId:randomUUID(), idempotencyKey:null, protocolPolicy:null, action:{kind:'create_credential', credential: issued.credential}});
const app = await createServer({refundry, config:{metricsToken:null, trustProxy:false, tls:null}, logger:createLogger({logLevel:'info'}), metrics:new Metrics(()=>refundry.engine.queueDepth)});
const url = await app.listen({host:'127.0.0.1', port:0});
const call = async (method:string, path:string, body?:unknown, headers:Record<string,string>={}) => {
  const r = await fetch(url+path,{method, headers:{authorization:`Bearer ${issued.secrets['key']}`, ...(body===undefined?{}:{'content-type':'application/json'}), ...headers}, ...(body===undefined?{}:{body: typeof body==='string'?body:JSON.stringify(body)})});
  const t = await r.text(); console.log(method, path, r.status, r.headers.get('content-type'), r.headers.get('idempotent-replayed') ?? '', t.slice(0,700)); try { return JSON.parse(t); } catch { return t; }
};
try {
const m = await call('POST','/v1/merchants',{name:'Ex', policy:{approval_above:{USD:8000}}});
await call('GET','/v1/me');
const p = await call('POST','/v1/payments',{merchant_id:m.id, amount:10000, currency:'USD', references:{'native.reference':'a'}, method:{type:'card',expiry_month:'01'}, metadata:{a:'b'}});
const r = await call('POST','/v1/refunds',{payment_id:p.id, amount:6000, reason:'x'},{'idempotency-key':'k'});
await call('POST','/v1/refunds',{payment_id:p.id, amount:6000, reason:'x'},{'idempotency-key':'k'});
await call('POST','/v1/refunds',{payment_id:p.id, amount:6000});
await call('POST','/v1/refunds/preview',{payment_id:p.id, amount:6000});
await call('POST','/v1/refunds/preview',{payment_id:p.id, amount:100});
await call('POST','/v1/refunds','{"payment_id":"x","amount":1.0,"zz":1}');
await call('POST','/v1/refunds','{"payment_id":"x","amount":1,"amount":2}');
await call('POST','/v1/refunds','{');
await call('POST','/v1/refunds','a=b',{'content-type':'application/x-www-form-urlencoded'});
await call('POST','/v1/refunds');
await call('GET','/v1/nope'); await call('PATCH','/v1/refunds'); await call('GET','/v1');
await call('GET','/v1/journal?limit=2'); await call('GET','/v1/events?limit=2');
await call('GET',`/v1/merchants/${m.id}/balances`); await call('GET','/v1/payments?limit=1&zz=1&limit=2'); await call('GET','/v1/payments?limit=1');
await call('POST',`/v1/payments/${p.id}/capture`); await call('POST',`/v1/payments/${p.id}/dispute`); await call('DELETE',`/v1/payments/${p.id}/dispute`);
await call('POST',`/v1/settlements`,{merchant_id:m.id,currency:'USD'});
await call('GET',`/v1/refunds/${r.id}`);
await call('GET','/v1/%E0%A4%A');
const d = await (await fetch(url+'/openapi.json')).text(); writeFileSync('/tmp/exp/openapi.json', d); console.log(d.length);
if (process.argv[2]) { console.log(url, issued.secrets['key']); await new Promise(r=>setTimeout(r, Number(process.argv[2]))); }
} finally { await app.close(); await refundry.close(); await c.stop(); }
