// S3 against a stand-in that checks every signature and goes wrong in each way that the real one can.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { drive } from './aws-driver.mjs';
import { StandIn } from './aws-stand-in.mjs';
import { makeFolder } from './support.mjs';

const MiB = 1 << 20;

async function standIn(t, options) {
    return new StandIn(options).start(t);
}

const isGet = ({ method }) => method === 'GET';
const isPart = ({ method, query }) => method === 'PUT' && query.partNumber !== undefined;
const isCreate = ({ method, query }) => method === 'POST' && query.uploads !== undefined;
const isComplete = ({ method, query }) => method === 'POST' && query.uploadId !== undefined;
const isAbort = ({ method }) => method === 'DELETE';

function assertNothingLeft(s3, key = 'key') {
    assert.equal(s3.uploads.size, 0, 'an unfinished upload was left');
    assert.equal(s3.get(key), undefined, 'an object was left');
}

const hostileKeys = [
    'plain.csv', 'a b c.csv', ' leading', 'plus+plus', '100%.csv', '%2Fencoded%20already', 'ünï/cødé/漢字/🙂.csv', 'a//b', '/leading/slash',
    'trailing/', 'a/../b/./c', '..', 'query?x=1&y=2', 'hash#tag', 'semi;colon,comma', "quote'single\"double", '(parens)!*[x]{y}<z>|\\^`', '@:$&=+~_-.',
    'tab\there', 'é', 'e\u0301', 'a'.repeat(1024), '=', '&', '%', '%zz',
];

test('signatures hold for hostile keys', async (t) => {
    const s3 = await standIn(t);
    for (const key of hostileKeys) {
        const content = `content of ${key}`;
        const put = await drive(s3.env, ['put', `s3://bucket/${key}`], content);
        assert.equal(put.status, 0, `${key}: ${put.message}`);
        assert.equal(s3.get(key)?.toString(), content, `stored as another key than ${key}`);
        const got = await drive(s3.env, ['get', `s3://bucket/${key}`]);
        assert.equal(got.output.toString(), content, `${key}: ${got.message}`);
    }
    assert.deepEqual(s3.requests.filter(({ refused }) => refused !== null), []);
});

test('a session token is sent and signed', async (t) => {
    const s3 = await standIn(t);
    const token = `${randomBytes(600).toString('base64')}==`;
    s3.keys.set('ASIA', { secret: 'sec/ret+key=', token });
    const env = { ...s3.env, AWS_ACCESS_KEY_ID: 'ASIA', AWS_SECRET_ACCESS_KEY: 'sec/ret+key=', AWS_SESSION_TOKEN: token };
    assert.equal((await drive(env, ['put', 's3://bucket/a b'], 'x')).status, 0);
    assert.equal((await drive(env, ['get', 's3://bucket/a b'])).output.toString(), 'x');
    const head = await drive(env, ['head', 's3://bucket/a b']);
    assert.equal(JSON.parse(head.output).size, 1);
});

test('the verifier itself refuses what is wrong', async (t) => {
    const s3 = await standIn(t);
    s3.put('key', 'x');
    const wrong = await drive({ ...s3.env, AWS_SECRET_ACCESS_KEY: 'OTHER' }, ['get', 's3://bucket/key']);
    assert.match(wrong.message, /the secret key does not belong to the access key AKID \(from the environment\)/);
    assert.equal(s3.requests.at(-1).refused, 'SignatureDoesNotMatch');
});

test('objects of any length come back as they were', async (t) => {
    const s3 = await standIn(t);
    for (const length of [0, 1, 8 * MiB - 1, 8 * MiB, 8 * MiB + 1, 25 * MiB]) {
        const content = randomBytes(length);
        const put = await drive(s3.env, ['put', 's3://bucket/key'], content);
        assert.equal(put.status, 0, `${length}: ${put.message}`);
        assert.ok(s3.get('key').equals(content), `${length} bytes arrived changed`);
        const got = await drive(s3.env, ['get', 's3://bucket/key']);
        assert.ok(got.output.equals(content), `${length} bytes came back changed`);
    }
    // One request up to 8 MiB, parts above.
    assert.equal(s3.requests.filter(isCreate).length, 2);
    assert.equal(s3.uploads.size, 0);
});

test('fault_39_memory_is_bounded_whatever_the_length, and parts go out side by side', async (t) => {
    const s3 = await standIn(t);
    const content = randomBytes(96 * MiB);
    s3.fault(isPart, { delay: 30 }, 100);
    const put = await drive(s3.env, ['put', 's3://bucket/key'], content);
    assert.equal(put.status, 0, put.message);
    assert.ok(s3.mostAtOnce > 1, 'one part after the other');
    assert.ok(put.peak < 48 * MiB, `${put.peak} bytes`);
    const got = await drive(s3.env, ['get', 's3://bucket/key']);
    assert.ok(got.output.equals(content));
    assert.ok(got.peak < 8 * MiB, `${got.peak} bytes`);
});

test('a packed object is unpacked', async (t) => {
    const s3 = await standIn(t);
    s3.put('file', gzipSync('a,b\n1,2\n'));
    assert.equal((await drive(s3.env, ['unpack', 's3://bucket/file'])).output.toString(), 'a,b\n1,2\n');
    s3.put('plain', 'a,b\n');
    assert.equal((await drive(s3.env, ['unpack', 's3://bucket/plain'])).output.toString(), 'a,b\n');
});

test('by TLS, with certificates that are trusted, and never without', async (t) => {
    const folder = makeFolder(t);
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name));
    spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert,
        '-days', '2', '-subj', '/CN=stand-in', '-addext', 'subjectAltName=IP:127.0.0.1']);
    const s3 = await new StandIn().start(t, { key: readFileSync(key), cert: readFileSync(cert) });
    const content = randomBytes(20 * MiB);
    const env = { ...s3.env, AWS_CA_BUNDLE: cert };
    const put = await drive(env, ['put', 's3://bucket/a b'], content);
    assert.equal(put.status, 0, put.message);
    assert.ok((await drive(env, ['get', 's3://bucket/a b'])).output.equals(content));
    const before = s3.requests.length;
    const result = await drive({ ...s3.env, AWS_MAX_ATTEMPTS: '1' }, ['get', 's3://bucket/a b']);
    assert.match(result.message, /https:\/\/127\.0\.0\.1:\d+: .*certificate/i);
    assert.equal(s3.requests.length, before);
});

// ---- reading ----

test('a download that breaks off is taken up where it ended', async (t) => {
    const s3 = await standIn(t);
    const content = randomBytes(6 * MiB);
    s3.put('key', content);
    s3.fault(isGet, { cutAnswer: 3 * MiB });
    s3.fault(isGet, { cutAnswer: MiB });
    const got = await drive(s3.env, ['get', 's3://bucket/key']);
    assert.equal(got.status, 0, got.message);
    assert.ok(got.output.equals(content));
    const ranges = s3.requests.map(({ headers }) => headers.range);
    assert.equal(ranges[0], undefined);
    assert.equal(ranges.length, 3);
    assert.equal(s3.requests[2].headers['if-match'], s3.objects.get('bucket/key').etag);
    // As much as had arrived was not asked for again.
    assert.ok(Number(/\d+/.exec(ranges[2])[0]) > Number(/\d+/.exec(ranges[1])[0]));
});

test('a server that heeds no range is understood', async (t) => {
    const s3 = await standIn(t);
    const content = randomBytes(3 * MiB);
    s3.put('key', content);
    s3.fault(isGet, { cutAnswer: MiB });
    s3.fault(isGet, { ignoreRange: true });
    const got = await drive(s3.env, ['get', 's3://bucket/key']);
    assert.ok(got.output.equals(content), got.message);
});

test('an object that is cut for good is an error', async (t) => {
    const s3 = await standIn(t);
    s3.put('key', randomBytes(MiB / 2));
    s3.fault(isGet, { cutAnswer: 1000 }, 100);
    const got = await drive({ ...s3.env, AWS_MAX_ATTEMPTS: '3' }, ['get', 's3://bucket/key']);
    assert.notEqual(got.status, 0);
    assert.match(got.message, /^s3:\/\/bucket\/key: http:.*in the middle of the answer$/);
    assert.equal(s3.requests.length, 3);
});

test('an object that changes between two reads is an error, never a mixture', async (t) => {
    const s3 = await standIn(t);
    for (const other of [randomBytes(2 * MiB), randomBytes(100), null]) {
        s3.put('key', randomBytes(2 * MiB));
        s3.fault(isGet, { cutAnswer: MiB });
        s3.fault(isGet, () => {
            if (other === null) {
                s3.objects.delete('bucket/key');
            } else {
                s3.put('key', other);
            }
            return undefined;
        });
        const got = await drive(s3.env, ['get', 's3://bucket/key']);
        assert.notEqual(got.status, 0);
        assert.match(got.message, /s3:\/\/bucket\/key: the object has been changed while it was being read/);
        s3.faults = [];
    }
});

// ---- writing ----

test('a connection that is cut in the middle of a part is another attempt', async (t) => {
    const s3 = await standIn(t);
    const content = randomBytes(20 * MiB);
    s3.fault(isPart, { cutRequest: 3 * MiB }, 2);
    const put = await drive(s3.env, ['put', 's3://bucket/key'], content);
    assert.equal(put.status, 0, put.message);
    assert.ok(s3.get('key').equals(content));
    assert.equal(s3.requests.filter(isPart).length, 5);
});

test('503 SlowDown is another attempt, for every request', async (t) => {
    const s3 = await standIn(t);
    const content = randomBytes(20 * MiB);
    for (const matches of [isCreate, isPart, isComplete, isGet]) {
        s3.fault(matches, { code: 'SlowDown', message: 'Please reduce your request rate.' });
    }
    const put = await drive(s3.env, ['put', 's3://bucket/key'], content);
    assert.equal(put.status, 0, put.message);
    const got = await drive(s3.env, ['get', 's3://bucket/key']);
    assert.ok(got.output.equals(content), got.message);
});

test('what stays out of order is told, and the upload aborted', async (t) => {
    const s3 = await standIn(t);
    s3.fault(isPart, { code: 'SlowDown', message: 'Please reduce your request rate.' }, 100);
    const put = await drive({ ...s3.env, AWS_MAX_ATTEMPTS: '2' }, ['put', 's3://bucket/key'], randomBytes(20 * MiB));
    assert.match(put.message, /^s3:\/\/bucket\/key: SlowDown: Please reduce your request rate\. \(status 503\)$/);
    assertNothingLeft(s3);
});

test('no 4xx is tried again', async (t) => {
    const s3 = await standIn(t);
    s3.fault(isPart, { code: 'AccessDenied' }, 100);
    const put = await drive(s3.env, ['put', 's3://bucket/key'], randomBytes(9 * MiB));
    assert.match(put.message, /access denied/);
    assert.ok(s3.requests.filter(isPart).length <= 2, 'at most once a part');
    assertNothingLeft(s3);
});

test('200 with an error in its body on completion is no success', async (t) => {
    const s3 = await standIn(t);
    const content = randomBytes(9 * MiB);
    const error = (code) => ({ body: `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>We encountered an error.</Message></Error>` });
    // One that passes.
    s3.fault(isComplete, error('InternalError'));
    const put = await drive(s3.env, ['put', 's3://bucket/key'], content);
    assert.equal(put.status, 0, put.message);
    assert.ok(s3.get('key').equals(content));
    // One that does not.
    s3.fault(isComplete, error('InvalidPart'), 100);
    const other = await drive(s3.env, ['put', 's3://bucket/other'], content);
    assert.match(other.message, /^s3:\/\/bucket\/other: InvalidPart: We encountered an error\./);
    assertNothingLeft(s3, 'other');
});

test('a completion whose answer is lost is not taken for a failure', async (t) => {
    const s3 = await standIn(t);
    const content = randomBytes(9 * MiB);
    s3.fault(isComplete, { lostAnswer: true });
    const put = await drive(s3.env, ['put', 's3://bucket/key'], content);
    assert.equal(put.status, 0, put.message);
    assert.ok(s3.get('key').equals(content));
    assert.equal(s3.requests.filter(isAbort).length, 0);
});

test('an abort that fails at first is tried again', async (t) => {
    const s3 = await standIn(t);
    s3.fault(isPart, { code: 'AccessDenied' }, 100);
    s3.fault(isAbort, { code: 'InternalError' }, 2);
    const put = await drive(s3.env, ['put', 's3://bucket/key'], randomBytes(9 * MiB));
    assert.match(put.message, /access denied/);
    assertNothingLeft(s3);
});

test('an upload that cannot be aborted is a warning, beside the fault itself', async (t) => {
    const s3 = await standIn(t);
    s3.fault(isPart, { code: 'AccessDenied' }, 100);
    s3.fault(isAbort, { code: 'AccessDenied' }, 100);
    const put = await drive(s3.env, ['put', 's3://bucket/key'], randomBytes(9 * MiB));
    assert.match(put.message, /access denied/);
    assert.match(put.log, /warning an unfinished upload may have been left/);
});

// ---- what is told ----

test('faults are told in one sentence', async (t) => {
    const s3 = await standIn(t);
    const message = async (env, uri = 's3://bucket/key') => {
        const result = await drive({ ...s3.env, ...env }, ['get', uri]);
        assert.notEqual(result.status, 0);
        return `${result.message} (${result.hint})`;
    };
    assert.match(await message({}, 's3://other-bucket/key'), /^s3:\/\/other-bucket\/key: there is no bucket "other-bucket"/);
    assert.match(await message({}), /^s3:\/\/bucket\/key: there is no such object/);
    assert.match(await message({ AWS_ACCESS_KEY_ID: 'AKOTHER' }), /AWS does not know the access key AKOTHER \(from the environment\)/);
    s3.fault(isGet, { code: 'AccessDenied' });
    assert.match(await message({}), /access denied to the access key AKID \(credentials from the environment\).*s3:GetObject.*may list/);
    s3.keys.get('AKID').expired = true;
    assert.match(await message({}), /the credentials from the environment have expired.*AWS_SESSION_TOKEN/);
    s3.keys.get('AKID').expired = false;
    s3.fault(isGet, { code: 'RequestTimeTooSkewed', headers: { date: new Date(Date.now() - 3_600_000).toUTCString() } });
    assert.match(await message({}), /the clock of this machine is 60 minutes fast/);
    // Other services have no word of its own for that.
    s3.fault(isGet, { code: 'SignatureDoesNotMatch', headers: { date: new Date(Date.now() + 3_600_000).toUTCString() } });
    assert.match(await message({}), /the clock of this machine is 60 minutes slow/);
    assert.match(await message({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1' }), /s3:\/\/bucket\/key: http:\/\/127\.0\.0\.1:1: no connection/);
    for (const uri of ['s3://bucket', 's3://bucket/', 's3://Bucket/key', 's3:/bucket/key', 's3://b_c/key', 's3:///key', 's3://ab/key', `s3://bucket/${'k'.repeat(1025)}`]) {
        assert.match(await message({}, uri), /^Invalid S3 URI/, uri);
    }
});

test('HEAD, whose refusals have no body, is told as well', async (t) => {
    const s3 = await standIn(t);
    const message = async () => (await drive(s3.env, ['head', 's3://bucket/key'])).message;
    assert.match(await message(), /there is no such object/);
    s3.fault(() => true, { code: 'AccessDenied' });
    assert.match(await message(), /access denied/);
});

test('a bucket in another region is asked there', async (t) => {
    const s3 = await standIn(t, { region: 'eu-central-1' });
    s3.put('key', 'x');
    const elsewhere = { code: 'AuthorizationHeaderMalformed', more: '<Region>eu-central-1</Region>', headers: { 'x-amz-bucket-region': 'eu-central-1' } };
    s3.faults.push(({ headers }) => (headers.authorization.includes('/us-east-1/') ? elsewhere : undefined));
    const env = { ...s3.env, AWS_REGION: 'us-east-1' };
    assert.equal((await drive(env, ['get', 's3://bucket/key'])).output.toString(), 'x');
    const content = randomBytes(9 * MiB);
    assert.equal((await drive(env, ['put', 's3://bucket/other'], content)).status, 0);
    assert.ok(s3.get('other').equals(content));
    // Only the first request of each went to the wrong region.
    assert.equal(s3.requests.filter(({ headers }) => headers.authorization.includes('/us-east-1/')).length, 2);
});

test('a bucket that is in no region that we can ask is told, with the right one', async (t) => {
    const s3 = await standIn(t);
    s3.fault(() => true, { code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'ap-south-1' } }, 100);
    const result = await drive(s3.env, ['get', 's3://bucket/key']);
    assert.match(`${result.message} ${result.hint}`, /the bucket is in the region ap-south-1.*AWS_REGION=ap-south-1/);
});
