// Each link of the chain of credentials against a stand-in, and what becomes of credentials that expire.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { drive } from './aws-driver.mjs';
import { signatureFault } from './aws-signature.mjs';
import { bodyOf, listen, StandIn } from './aws-stand-in.mjs';
import { makeFolder } from './support.mjs';

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');

/** What the driver takes; fails when there are none. */
async function taken(env, threads = 1) {
    const result = await drive(env, ['credentials', String(threads)]);
    assert.equal(result.status, 0, `${result.message} ${result.hint}`);
    return { ...JSON.parse(result.output), log: result.log };
}

async function refused(env) {
    const result = await drive(env, ['credentials']);
    assert.notEqual(result.status, 0, result.output.toString());
    return `${result.message} (${result.hint})`;
}

/** A home with these AWS files. */
function makeHome(t, { config, credentials }) {
    const home = makeFolder(t);
    mkdirSync(join(home, '.aws'));
    if (config !== undefined) {
        writeFileSync(join(home, '.aws/config'), config);
    }
    if (credentials !== undefined) {
        writeFileSync(join(home, '.aws/credentials'), credentials);
    }
    return home;
}

/** STS: roles by AssumeRole (signed with BASE or by a key that STS itself gave) and by web identity. */
async function sts(t, { tokens = ['the-token'] } = {}) {
    const made = { requests: [] };
    const keys = new Map([['BASE', { secret: 'BASESECRET' }]]);
    made.url = await listen(t, async (request, answer) => {
        const body = await bodyOf(request);
        const form = Object.fromEntries(new URLSearchParams(body.toString()));
        made.requests.push(form);
        const web = form.Action === 'AssumeRoleWithWebIdentity';
        const fault = web ? (tokens.includes(form.WebIdentityToken) ? null : 'InvalidIdentityToken') : signatureFault(
            { method: request.method, url: request.url, rawHeaders: request.rawHeaders, body },
            { keys: (name) => keys.get(name), region: 'eu-west-1', service: 'sts' });
        if (fault !== null) {
            answer.writeHead(403).end(`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${fault}</Code><Message>no</Message></Error></ErrorResponse>`);
        } else if (form.Action === 'GetCallerIdentity') {
            answer.end('<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/base</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>');
        } else {
            const name = `ROLE${made.requests.length}`;
            keys.set(name, { secret: `${name}/SECRET`, token: 'tok/en==' });
            answer.end(`<${form.Action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${form.Action}Result><Credentials><AccessKeyId>${name}</AccessKeyId>` +
                `<SecretAccessKey>${name}/SECRET</SecretAccessKey><SessionToken>tok/en==</SessionToken><Expiration>${inAnHour()}</Expiration></Credentials></${form.Action}Result></${form.Action}Response>`);
        }
    });
    made.env = { AWS_ENDPOINT_URL_STS: made.url, AWS_REGION: 'eu-west-1' };
    return made;
}

describe('the environment', () => {
    test('gives its keys, before all others', async (t) => {
        const home = makeHome(t, { credentials: '[default]\naws_access_key_id = FILE\naws_secret_access_key = X\n' });
        const env = { HOME: home, AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 'X', AWS_SESSION_TOKEN: 'T' };
        assert.deepEqual(await taken(env), { access_key: 'ENV', token: 'T', source: 'the environment', same: true, log: '' });
    });

    test('is told what half of it lacks', async () => {
        assert.match(await refused({ AWS_ACCESS_KEY_ID: 'ENV' }), /the environment has AWS_ACCESS_KEY_ID, but not AWS_SECRET_ACCESS_KEY/);
    });

    test('without any, all that was looked at is told', async () => {
        assert.match(await refused({}), /there are no AWS credentials .*AWS_PROFILE/);
    });
});

describe('web identity', () => {
    test('a token is exchanged for a role', async (t) => {
        const service = await sts(t);
        const file = join(makeFolder(t), 'token');
        writeFileSync(file, 'the-token\n');
        const env = { ...service.env, AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: 'arn:aws:iam::1:role/r', AWS_ROLE_SESSION_NAME: 'me' };
        const { access_key: key, token, source } = await taken(env);
        assert.deepEqual([key, token, source], ['ROLE1', 'tok/en==', 'web identity']);
        assert.equal(service.requests[0].RoleArn, 'arn:aws:iam::1:role/r');
        assert.equal(service.requests[0].RoleSessionName, 'me');
    });

    test('one that fails does not make way for another identity', async (t) => {
        const service = await sts(t);
        const file = join(makeFolder(t), 'token');
        const home = makeHome(t, { credentials: '[default]\naws_access_key_id = FILE\naws_secret_access_key = X\n' });
        const env = { ...service.env, HOME: home, AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: 'arn:aws:iam::1:role/r' };
        assert.match(await refused(env), /the role arn:aws:iam::1:role\/r by web identity: .*token: cannot open/);
        writeFileSync(file, 'another');
        assert.match(await refused(env), /by web identity: STS: InvalidIdentityToken/);
    });
});

describe('the profile', () => {
    test('keys, of the file or the default profile that is named', async (t) => {
        const home = makeHome(t, {
            credentials: '# mine\n[default]\naws_access_key_id=ONE\naws_secret_access_key=X\n\n[other]\nAWS_ACCESS_KEY_ID = TWO\naws_secret_access_key = X\naws_session_token = T\n',
            config: '[profile third]\r\naws_access_key_id = THREE\r\naws_secret_access_key = X\r\n',
        });
        assert.equal((await taken({ HOME: home })).access_key, 'ONE');
        assert.equal((await taken({ HOME: home, AWS_PROFILE: 'other' })).access_key, 'TWO');
        assert.equal((await taken({ HOME: home, AWS_PROFILE: 'third' })).access_key, 'THREE');
        assert.match(await refused({ HOME: home, AWS_PROFILE: 'nobody' }), /the profile "nobody" is in neither of the AWS files/);
        const folder = makeFolder(t);
        writeFileSync(join(folder, 'keys'), '[default]\naws_access_key_id=FOUR\naws_secret_access_key=X\n');
        assert.equal((await taken({ HOME: home, AWS_SHARED_CREDENTIALS_FILE: join(folder, 'keys') })).access_key, 'FOUR');
    });

    test('a line that is none is told by its number, not by what it holds', async (t) => {
        const home = makeHome(t, { credentials: '[default]\naws_access_key_id=ONE\nmy-secret-value\n' });
        const message = await refused({ HOME: home });
        assert.match(message, /credentials, line 3: neither a \[section\] nor "key = value"/);
        assert.doesNotMatch(message, /my-secret/);
    });

    test('credential_process', async (t) => {
        const folder = makeFolder(t);
        const script = join(folder, 'print keys');
        writeFileSync(script, `#!/bin/sh\necho talking >&2\nprintf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"X","SessionToken":"T","Expiration":"%s"}' "$2" ${inAnHour()}\n`, { mode: 0o755 });
        const home = makeHome(t, { config: `[default]\ncredential_process = "${script}" --for 'PROCESS'\n` });
        const { access_key: key, source, log } = await taken({ HOME: home });
        assert.deepEqual([key, source, log], ['PROCESS', 'credential_process', 'talking']);
        writeFileSync(script, '#!/bin/sh\nexit 3\n');
        assert.match(await refused({ HOME: home }), /credential_process ended with exit status 3/);
        writeFileSync(script, '#!/bin/sh\necho "{\\"Version\\": 2}"\n');
        assert.match(await refused({ HOME: home }), /credential_process printed no JSON of version 1/);
    });

    test('a role, with the keys of another profile, step by step', async (t) => {
        const service = await sts(t);
        const home = makeHome(t, {
            config: '[profile outer]\nrole_arn = arn:aws:iam::1:role/outer\nsource_profile = inner\nexternal_id = ex/id\nduration_seconds = 900\nrole_session_name = s\n' +
                '[profile inner]\nrole_arn = arn:aws:iam::1:role/inner\nsource_profile = keys\n[profile keys]\n' +
                '[profile code]\nrole_arn = arn:aws:iam::1:role/m\nsource_profile = keys\nmfa_serial = arn:aws:iam::1:mfa/m\n' +
                '[profile one]\nrole_arn = a\nsource_profile = two\n[profile two]\nrole_arn = b\nsource_profile = one\n' +
                '[profile env]\nrole_arn = arn:aws:iam::1:role/env\ncredential_source = Environment\n' +
                '[profile lost]\nrole_arn = a\nsource_profile = gone\n',
            credentials: '[keys]\naws_access_key_id = BASE\naws_secret_access_key = BASESECRET\n',
        });
        const env = { ...service.env, HOME: home };
        const { access_key: key, source } = await taken({ ...env, AWS_PROFILE: 'outer' });
        assert.deepEqual([key, source], ['ROLE2', "the profile's role"]);
        assert.deepEqual(service.requests.map(({ RoleArn: arn, ExternalId: id, DurationSeconds: seconds }) => [arn, id, seconds]),
            [['arn:aws:iam::1:role/inner', undefined, undefined], ['arn:aws:iam::1:role/outer', 'ex/id', '900']]);
        assert.match(await refused({ ...env, AWS_PROFILE: 'code' }), /asks for a code \(mfa_serial\)/);
        assert.match(await refused({ ...env, AWS_PROFILE: 'one' }), /lead to each other/);
        assert.match(await refused({ ...env, AWS_PROFILE: 'lost' }), /takes its keys from "gone", which is not there/);
        // The environment's keys would come first of all; as the source of a role they have to be half a link.
        const wrong = { ...env, AWS_PROFILE: 'env' };
        assert.match(await refused(wrong), /the role of the profile "env" has no keys to be assumed with/);
    });

    test('an SSO login', async (t) => {
        const seen = [];
        const url = await listen(t, (request, answer) => {
            seen.push([request.url, request.headers['x-amz-sso_bearer_token']]);
            if (request.headers['x-amz-sso_bearer_token'] !== 'good') {
                answer.writeHead(401, { 'content-type': 'application/json', 'x-amzn-errortype': 'UnauthorizedException' }).end('{"message":"Session token not found or invalid"}');
            } else {
                answer.end(JSON.stringify({ roleCredentials: { accessKeyId: 'SSO', secretAccessKey: 'X', sessionToken: 'T', expiration: Date.now() + 3_600_000 } }));
            }
        });
        const settings = 'sso_account_id = 123456789012\nsso_role_name = Read Only\n';
        const home = makeHome(t, {
            config: `[profile new]\nsso_session = corp\n${settings}[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp/start\n` +
                `[profile old]\nsso_start_url = https://corp/start\nsso_region = eu-west-1\n${settings}[profile half]\nsso_session = corp\n`,
        });
        const env = { HOME: home, AWS_ENDPOINT_URL_SSO: url };
        const cache = (name, token, expiresAt) => {
            mkdirSync(join(home, '.aws/sso/cache'), { recursive: true });
            const file = createHash('sha1').update(name).digest('hex');
            writeFileSync(join(home, `.aws/sso/cache/${file}.json`), JSON.stringify({ accessToken: token, expiresAt }));
        };
        assert.match(await refused({ ...env, AWS_PROFILE: 'new' }), /SSO login of the profile "new" is not there \(run: aws sso login --profile new\)/);
        cache('corp', 'good', inAnHour());
        const { access_key: key, source } = await taken({ ...env, AWS_PROFILE: 'new' });
        assert.deepEqual([key, source], ['SSO', 'the SSO login']);
        assert.deepEqual(seen[0], ['/federation/credentials?account_id=123456789012&role_name=Read%20Only', 'good']);
        cache('https://corp/start', 'good', inAnHour().replace('Z', 'UTC'));
        assert.equal((await taken({ ...env, AWS_PROFILE: 'old' })).access_key, 'SSO');
        cache('corp', 'good', '2020-01-01T00:00:00Z');
        assert.match(await refused({ ...env, AWS_PROFILE: 'new' }), /has expired \(run: aws sso login/);
        cache('corp', 'revoked', inAnHour());
        assert.match(await refused({ ...env, AWS_PROFILE: 'new' }), /is not valid any more \(run: aws sso login/);
        assert.match(await refused({ ...env, AWS_PROFILE: 'half' }), /lacks sso_account_id/);
    });
});

/** A container's endpoint; `give` makes each answer. */
async function container(t, give) {
    const made = { requests: 0 };
    made.url = await listen(t, async (request, answer) => {
        made.requests++;
        made.authorization = request.headers.authorization;
        const keys = await give(made.requests);
        answer.writeHead(keys === null ? 500 : 200).end(JSON.stringify(keys ?? {}));
    });
    made.env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${made.url}/v1/credentials` };
    return made;
}

const keysFor = (name, milliseconds) => ({ AccessKeyId: name, SecretAccessKey: `${name}SECRET`, Token: `${name}TOKEN`,
    Expiration: new Date(Date.now() + milliseconds).toISOString() });

describe('the container', () => {
    test('by a full URI with a token from a file', async (t) => {
        const endpoint = await container(t, () => keysFor('POD', 3_600_000));
        const file = join(makeFolder(t), 'token');
        writeFileSync(file, 'pod-token\n');
        const { access_key: key, source } = await taken({ ...endpoint.env, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file });
        assert.deepEqual([key, source, endpoint.authorization], ['POD', 'the container', 'pod-token']);
        await taken({ ...endpoint.env, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'direct' });
        assert.equal(endpoint.authorization, 'direct');
    });

    test('another machine is not asked without TLS', async () => {
        for (const uri of ['http://example.com/creds', 'http://169.254.170.2.example.com/', 'http://localhost.evil/', 'ftp://localhost/']) {
            assert.match(await refused({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri }), /names another machine without TLS/, uri);
        }
    });

    test('one that stumbles is asked again; one that is down is told', async (t) => {
        const endpoint = await container(t, (number) => (number === 1 ? null : keysFor('POD', 3_600_000)));
        assert.equal((await taken(endpoint.env)).access_key, 'POD');
        const down = await container(t, () => null);
        assert.match(await refused(down.env), /the container's credential endpoint refuses credentials \(status 500\)/);
    });

    test('is asked once for many threads', async (t) => {
        const endpoint = await container(t, async () => {
            await new Promise((settle) => setTimeout(settle, 200));
            return keysFor('POD', 3_600_000);
        });
        assert.equal((await taken(endpoint.env, 16)).same, true);
        assert.equal(endpoint.requests, 1);
    });
});

describe('the instance', () => {
    const metadata = (t, { role = 'my-role\n', code = 'Success', version1 = false } = {}) => listen(t, (request, answer) => {
        if (request.url === '/latest/api/token' && request.method === 'PUT' && !version1) {
            assert.match(request.headers['x-aws-ec2-metadata-token-ttl-seconds'], /^\d+$/);
            answer.end('session-token');
        } else if (request.headers['x-aws-ec2-metadata-token'] !== 'session-token') {
            answer.writeHead(version1 ? 404 : 401).end();
        } else if (request.url === '/latest/meta-data/iam/security-credentials/') {
            answer.writeHead(role === null ? 404 : 200).end(role ?? undefined);
        } else if (request.url === '/latest/meta-data/iam/security-credentials/my-role') {
            answer.end(JSON.stringify({ Code: code, ...keysFor('EC2', 3_600_000) }));
        } else {
            answer.writeHead(404).end();
        }
    });
    const env = (url) => ({ AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: `${url}/` });

    test('its role, by version 2 of the service', async (t) => {
        const { access_key: key, source } = await taken(env(await metadata(t)));
        assert.deepEqual([key, source], ['EC2', 'the instance']);
    });

    test('without a role, without the service, or with version 1 only there are none', async (t) => {
        assert.match(await refused(env(await metadata(t, { role: null }))), /there are no AWS credentials/);
        assert.match(await refused(env('http://127.0.0.1:1')), /there are no AWS credentials/);
        assert.match(await refused(env(await metadata(t, { version1: true }))), /there are no AWS credentials/);
        assert.match(await refused({ AWS_EC2_METADATA_DISABLED: 'true', AWS_EC2_METADATA_SERVICE_ENDPOINT: await metadata(t) }), /there are no AWS credentials/);
    });

    test('a role that cannot be had is told', async (t) => {
        assert.match(await refused(env(await metadata(t, { code: 'AssumeRoleUnauthorizedAccess' }))), /gives no credentials: AssumeRoleUnauthorizedAccess/);
    });
});

describe('rotation', () => {
    /** S3 that takes the keys of a container's endpoint, as long as they are good. */
    async function rotating(t, lifetime) {
        const s3 = await new StandIn().start(t);
        const endpoint = await container(t, (number) => {
            const keys = keysFor(`POD${number}`, lifetime);
            s3.keys.set(keys.AccessKeyId, { secret: keys.SecretAccessKey, token: keys.Token });
            setTimeout(() => (s3.keys.get(keys.AccessKeyId).expired = true), lifetime).unref();
            return keys;
        });
        const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...env } = { ...s3.env, ...endpoint.env };
        const used = () => new Set(s3.requests.map(({ headers }) => /Credential=([^/]+)/.exec(headers.authorization)[1]));
        return { s3, endpoint, env, used };
    }

    test('credentials that expire in the middle of a long upload are renewed before', async (t) => {
        const { s3, env, used } = await rotating(t, 2000);
        const content = randomBytes(36 << 20);
        const put = await drive(env, ['put', 's3://bucket/key'], async (input) => {
            for (let at = 0; at < content.length; at += 9 << 20) {
                input.write(content.subarray(at, at + (9 << 20)));
                await new Promise((settle) => setTimeout(settle, 1000));
            }
            input.end();
        });
        assert.equal(put.status, 0, put.message);
        assert.ok(s3.get('key').equals(content));
        assert.ok(used().size > 1, 'the upload was over too early');
        assert.deepEqual(s3.requests.filter(({ refused: code }) => code !== null), []);
    });

    test('credentials that the service calls expired are replaced at once', async (t) => {
        const { s3, env, used } = await rotating(t, 3_600_000);
        s3.faults.push((asked) => {
            if (asked.query.partNumber === '2' && asked.headers.authorization.includes('POD1/')) {
                s3.keys.get('POD1').expired = true;
            }
            return undefined;
        });
        const content = randomBytes(36 << 20);
        const put = await drive({ ...env, AWS_MAX_ATTEMPTS: '1' }, ['put', 's3://bucket/key'], content);
        assert.equal(put.status, 0, put.message);
        assert.ok(s3.get('key').equals(content));
        assert.deepEqual([...used()], ['POD1', 'POD2']);
    });
});

test('an access that is denied names who was denied it', async (t) => {
    const service = await sts(t);
    const s3 = await new StandIn().start(t);
    s3.keys.set('BASE', { secret: 'BASESECRET' });
    s3.fault(() => true, { code: 'AccessDenied' }, 10);
    const env = { ...s3.env, ...service.env, AWS_ACCESS_KEY_ID: 'BASE', AWS_SECRET_ACCESS_KEY: 'BASESECRET' };
    const result = await drive(env, ['get', 's3://bucket/key']);
    assert.match(result.message, /^s3:\/\/bucket\/key: access denied to arn:aws:iam::1:user\/base \(credentials from the environment\)$/);
});

describe('regions and endpoints', () => {
    test('come from the environment, then the profile; the service\'s own first', async (t) => {
        const s3 = await new StandIn({ region: 'ap-south-1' }).start(t);
        s3.put('key', 'x');
        const keys = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'SECRET' };
        const home = makeHome(t, { config: `[default]\nregion = ap-south-1\nservices = local\nendpoint_url = http://127.0.0.1:1\n[services local]\ns3 =\n  endpoint_url = ${s3.url}\n` });
        const get = async (env) => (await drive({ ...keys, AWS_MAX_ATTEMPTS: '1', ...env }, ['get', 's3://bucket/key'])).message;
        assert.equal(await get({ HOME: home }), '');
        assert.equal(await get({ HOME: home, AWS_ENDPOINT_URL: `${s3.url}/` }), '');
        assert.match(await get({ HOME: home, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:2' }), /127\.0\.0\.1:2/);
        assert.match(await get({ HOME: home, AWS_DEFAULT_REGION: 'eu-west-1' }), /AuthorizationHeaderMalformed|in the region/);
        assert.equal(await get({ HOME: home, AWS_DEFAULT_REGION: 'eu-west-1', AWS_REGION: 'ap-south-1' }), '');
        assert.match(await get({ AWS_REGION: 'Bad/Region' }), /the region of AWS_REGION is none/);
        assert.match(await get({ AWS_ENDPOINT_URL: 'localhost:4566' }), /is no endpoint/);
        assert.match(await get({ AWS_MAX_ATTEMPTS: '0' }), /AWS_MAX_ATTEMPTS must be a number/);
    });

    test('without an endpoint, it is the bucket\'s host in the region, by TLS', async () => {
        const keys = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'SECRET', AWS_MAX_ATTEMPTS: '1', AWS_CA_BUNDLE: '/nonexistent' };
        const where = async (env, bucket) => /https:\/\/[^:]+/.exec((await drive({ ...keys, ...env }, ['get', `s3://${bucket}/key`])).message)?.[0];
        assert.equal(await where({ AWS_REGION: 'eu-west-1' }, 'bucket'), 'https://bucket.s3.eu-west-1.amazonaws.com');
        assert.equal(await where({ AWS_REGION: 'cn-north-1' }, 'a.b'), 'https://s3.cn-north-1.amazonaws.com.cn');
        assert.equal(await where({ AWS_REGION: 'us-east-1', AWS_USE_FIPS_ENDPOINT: 'true' }, 'bucket'), 'https://bucket.s3-fips.us-east-1.amazonaws.com');
    });
});
