// The program with stand-ins that others have written: s3rver for S3, cognito-local for Cognito; and Cognito's
// pages, secrets and their faults, which those do not have, by a stand-in of our own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { cleanEnvironment, drive } from './aws-driver.mjs';
import { signatureFault } from './aws-signature.mjs';
import { bodyOf, listen, StandIn } from './aws-stand-in.mjs';
import { KeyServer, ServedIdentity } from './identity-support.mjs';
import { Index } from './index-support.mjs';
import { dataPath, makeFolder, root, start, until } from './support.mjs';

const keys = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'SECRET', AWS_REGION: 'eu-west-1' };

/** Starts a program of tests/node_modules; gives what its output matches. */
function startNode(t, name, args, said, options = {}) {
    const child = spawn(process.execPath, [join(root, 'tests/node_modules/.bin', name), ...args], { stdio: ['ignore', 'pipe', 'inherit'], ...options });
    t.after(() => child.kill());
    let output = '';
    return new Promise((settle, fail) => {
        child.stdout.on('data', (piece) => {
            output += piece;
            const match = said.exec(output);
            if (match !== null) {
                settle(match);
            }
        });
        child.on('close', () => fail(new Error(`${name} ended: ${output}`)));
    });
}

/** Runs the program, while this process goes on serving. */
async function runProgram(folder, args, env) {
    const child = start(folder, args, { env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    child.child.stdout.on('data', (piece) => (stdout += piece));
    const { status } = await child.ended;
    return { status, stdout, stderr: child.stderr };
}

describe('s3rver', () => {
    let env;
    const undo = [];
    const t = { after: (action) => undo.push(action) };
    after(() => undo.reverse().forEach((action) => action()));
    before(async () => {
        const folder = makeFolder(t);
        const [, port] = await startNode(t, 's3rver', ['-a', '127.0.0.1', '-p', '0', '-s', '-d', folder, '--configure-bucket', 'bucket'],
            /listening on 127\.0\.0\.1:(\d+)/);
        env = { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER', AWS_REGION: 'us-east-1' };
    });

    test('takes what we send, small and in parts, and gives it back', async () => {
        for (const [key, length] of [['a b+c%/é/漢.csv', 100], ['empty', 0], ['large', 20 << 20]]) {
            const content = randomBytes(length);
            const put = await drive(env, ['put', `s3://bucket/${key}`], content);
            assert.equal(put.status, 0, put.message);
            const got = await drive(env, ['get', `s3://bucket/${key}`]);
            assert.ok(got.output.equals(content), got.message);
        }
        assert.match((await drive(env, ['get', 's3://no-bucket/key'])).message, /there is no bucket "no-bucket"/);
        assert.match((await drive(env, ['get', 's3://bucket/none'])).message, /there is no such object/);
    });

    describe('with the program', () => {
        let index;
        before(() => (index = new Index()));
        after(() => index.remove());
        const run = (...args) => runProgram(index.folder, args, { ...env, ...index.env });
        const thresholds = ['--config', dataPath('people/model.json'), '--potential', '0.5', '--auto', '0.95'];
        const fetch = async (key) => (await drive(env, ['get', `s3://bucket/${key}`])).output.toString();

        test('a file is imported from a bucket, matched, and both exports go back', async () => {
            const records = readFileSync(dataPath('people/records.csv'));
            assert.equal((await drive(env, ['put', 's3://bucket/in/people.csv.gz'], gzipSync(records))).status, 0);
            const imported = await run('import', 's3://bucket/in/people.csv.gz', ...thresholds);
            assert.equal(imported.status, 0, imported.stderr);
            assert.equal(imported.stdout, 'job_1\n');
            assert.deepEqual(index.sql('select source_uri from empi.job'), [{ source_uri: 's3://bucket/in/people.csv.gz' }]);
            index.run('matching-job');
            for (const what of ['crosswalk', 'potential-matches']) {
                const exported = await run('export', what, '-o', `s3://bucket/out/${what}.csv`);
                assert.equal(exported.status, 0, exported.stderr);
                assert.match(exported.stderr, /^\d+ rows in s3:\/\/bucket\/out\//);
                index.run('export', what, '-o', `${what}.csv`);
                assert.equal(await fetch(`out/${what}.csv`), readFileSync(join(index.folder, `${what}.csv`), 'utf8'));
            }
        });

        test('the export worker writes to a bucket, and tells what it cannot', async () => {
            index.sql(`insert into empi.job (job_type, source_uri) values
                ('export-potential-matches', 's3://bucket/by worker.csv'), ('export-potential-matches', 's3://no-bucket/x.csv')`);
            const worker = await run('process_export_jobs', '--once');
            assert.equal(worker.status, 0, worker.stderr);
            const [failed, succeeded] = index.sql('select status, reason from empi.job order by id desc limit 2');
            assert.deepEqual(failed, { status: 'failed', reason: 'Error: s3://no-bucket/x.csv: there is no bucket "no-bucket"' });
            assert.equal(succeeded.status, 'succeeded', succeeded.reason);
            assert.equal(await fetch('by worker.csv'), await fetch('out/potential-matches.csv'));
        });

        test('Ctrl-C ends the waiting for a store that does not answer', async (t) => {
            const s3 = await new StandIn().start(t);
            s3.put('people.csv', readFileSync(dataPath('people/records.csv')));
            s3.fault(({ method }) => method === 'GET', { stallAnswer: 100_000 });
            s3.fault(({ method }) => method === 'PUT', { delay: 600_000 });
            const jobs = index.sql('select count(*) from empi.job');
            for (const args of [['import', 's3://bucket/people.csv', ...thresholds], ['export', 'crosswalk', '-o', 's3://bucket/out.csv']]) {
                const before = s3.requests.length;
                const child = start(index.folder, args, { env: cleanEnvironment({ ...s3.env, ...index.env }), stdio: ['ignore', 'ignore', 'pipe'] });
                await until(() => s3.requests.length > before, 'the request');
                child.child.kill('SIGINT');
                assert.equal((await child.ended).status, 130, child.stderr);
                assert.match(child.stderr, /asked to stop|cancel/);
            }
            assert.deepEqual(index.sql('select count(*) from empi.job'), jobs);
            assert.equal(s3.get('out.csv'), undefined);
        });

        test('what cannot be read leaves no job', async () => {
            const jobs = index.sql('select count(*) from empi.job');
            const missing = await run('import', 's3://bucket/none.csv', ...thresholds);
            assert.equal(missing.status, 1);
            assert.match(missing.stderr, /tuva-empi: s3:\/\/bucket\/none\.csv: there is no such object/);
            await drive(env, ['put', 's3://bucket/odd.csv'], 'a,b\n1,2\n');
            assert.match((await run('import', 's3://bucket/odd.csv', ...thresholds)).stderr, /Incorrectly formatted person records file due to.*s3:\/\/bucket\/odd\.csv, line 1/s);
            assert.deepEqual(index.sql('select count(*) from empi.job'), jobs);
        });
    });
});

// ---- services of JSON ----

/** Answers POST with the operation in X-Amz-Target, after it has checked the signature. */
async function jsonService(t, service, handle) {
    const made = { requests: [] };
    made.url = await listen(t, async (request, answer) => {
        const body = await bodyOf(request);
        const fault = signatureFault({ method: request.method, url: request.url, rawHeaders: request.rawHeaders, body },
            { keys: (name) => (name === 'AKID' ? { secret: 'SECRET' } : undefined), region: made.region ?? 'eu-west-1', service });
        const asked = { target: request.headers['x-amz-target'], ...JSON.parse(body) };
        made.requests.push(asked);
        const [status, result] = fault !== null ? [400, { __type: fault, message: 'no' }] : handle(asked, made.requests.length);
        answer.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(result));
    });
    return made;
}

const makeUsers = (count) => Array.from({ length: count }, (_, i) => ({
    Username: `user-${i}`, Enabled: i !== 1, UserStatus: i === 2 ? 'UNCONFIRMED' : 'CONFIRMED',
    Attributes: [{ Name: 'sub', Value: `sub-${i}` }, ...(i === 3 ? [] : [{ Name: 'email', Value: `u${i}@example.org` }]),
        ...(i < 4 ? [] : [{ Name: 'email_verified', Value: String(i !== 4) }])],
}));

/** Cognito with so many users, in pages. */
function cognito(t, count, before = () => undefined) {
    const users = makeUsers(count);
    return jsonService(t, 'cognito-idp', (asked, number) => {
        const fault = before(asked, number);
        if (fault !== undefined) {
            return fault;
        }
        const from = asked.PaginationToken === undefined ? 0 : Number(Buffer.from(asked.PaginationToken, 'base64'));
        const found = users.filter(({ Username: name }) => asked.Filter === undefined || asked.Filter === `username = "${name}"`);
        const next = from + asked.Limit;
        return [200, { Users: found.slice(from, next), ...(next < found.length ? { PaginationToken: Buffer.from(String(next)).toString('base64') } : {}) }];
    });
}

describe('Cognito', () => {
    test('fault_50_all_pages_of_users_each_once', async (t) => {
        const service = await cognito(t, 150);
        const result = await drive({ ...keys, AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: service.url }, ['cognito', 'eu-west-1_Pool']);
        assert.equal(result.status, 0, result.message);
        const users = JSON.parse(result.output);
        assert.deepEqual(users.map(({ sub }) => sub), Array.from({ length: 150 }, (_, i) => `sub-${i}`));
        assert.deepEqual(users.slice(0, 4), [
            { sub: 'sub-0', username: 'user-0', email: 'u0@example.org', unverified: false, enabled: true, confirmed: true },
            { sub: 'sub-1', username: 'user-1', email: 'u1@example.org', unverified: false, enabled: false, confirmed: true },
            { sub: 'sub-2', username: 'user-2', email: 'u2@example.org', unverified: false, enabled: true, confirmed: false },
            { sub: 'sub-3', username: 'user-3', email: null, unverified: false, enabled: true, confirmed: true },
        ]);
        assert.deepEqual(users.filter(({ unverified }) => unverified).map(({ sub }) => sub), ['sub-4']);
        assert.deepEqual(service.requests.map(({ target, UserPoolId: pool, Limit: limit }) => [target, pool, limit]),
            Array(3).fill(['AWSCognitoIdentityProviderService.ListUsers', 'eu-west-1_Pool', 60]));
    });

    test('fault_50_the_api_lists_them_all', async (t) => {
        const service = await cognito(t, 150);
        const provider = await KeyServer.make();
        const names = { COGNITO_USER_POOL_ID: 'eu-west-1_Pool', JWT_HEADER: 'Authorization', JWKS_URL: `${provider.url}/keys`,
            CLIENT_ID: 'empi', ISSUER: provider.url };
        const served = await ServedIdentity.make({ ...keys, AWS_ENDPOINT_URL: service.url, TUVA_EMPI_IDP__BACKEND: 'aws-cognito',
            ...Object.fromEntries(Object.entries(names).map(([name, value]) => [`TUVA_EMPI_IDP__AWS_COGNITO__${name}`, value])) });
        try {
            served.setRole('sub-7', 'admin');
            const token = provider.token({ sub: 'sub-7', token_use: 'access', client_id: 'empi', aud: undefined, azp: undefined });
            const [status, { users }] = await served.call('/users', { token });
            assert.equal(status, 200);
            assert.deepEqual(users.map(({ email }) => email).sort(), makeUsers(150).map((_, i) => (i === 3 ? '' : `u${i}@example.org`)).sort());
            served.sql('update empi.app_user set role = null');
            const bootstrap = async (email) => {
                const started = served.start(['bootstrap'], { TUVA_EMPI_INITIAL_SETUP__ADMIN_EMAIL: email });
                await started.ended;
                return started.stdout + started.stderr;
            };
            assert.match(await bootstrap('u4@example.org'), /nobody has verified the address u4@example\.org[\s\S]*verify it there/);
            assert.equal(await bootstrap('u5@example.org'), 'u5@example.org is an admin now.\n');
        } finally {
            provider.close();
            await served.remove();
        }
    });

    test('a filter, and the region that the pool says', async (t) => {
        const service = await cognito(t, 150);
        service.region = 'ap-south-1';
        const env = { ...keys, AWS_ENDPOINT_URL: service.url };
        const result = await drive(env, ['cognito', 'ap-south-1_Pool', 'username = "user-77"']);
        assert.deepEqual(JSON.parse(result.output).map(({ sub }) => sub), ['sub-77'], result.message);
    });

    test('one that is asked too often is asked again; one that turns in a circle is not asked for ever', async (t) => {
        const busy = await cognito(t, 70, (asked, number) => (number === 2 ? [400, { __type: 'TooManyRequestsException', message: 'Rate exceeded' }] : undefined));
        const result = await drive({ ...keys, AWS_ENDPOINT_URL: busy.url }, ['cognito', 'eu-west-1_Pool']);
        assert.equal(JSON.parse(result.output).length, 70, result.message);
        const circle = await cognito(t, 1, () => [200, { Users: [], PaginationToken: 'again' }]);
        assert.match((await drive({ ...keys, AWS_ENDPOINT_URL: circle.url }, ['cognito', 'eu-west-1_Pool'])).message, /its list of users does not go on/);
        const denied = await cognito(t, 1, () => [400, { __type: 'AccessDeniedException', message: 'User is not authorized' }]);
        const { message, hint } = await drive({ ...keys, AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: denied.url }, ['cognito', 'eu-west-1_Pool']);
        assert.match(`${message} ${hint}`, /^Cognito: access denied to .*cognito-idp:ListUsers/);
    });

    test('cognito-local', async (t) => {
        const folder = makeFolder(t);
        mkdirSync(join(folder, '.cognito'));
        writeFileSync(join(folder, '.cognito/config.json'), '{}');
        const [, port] = await startNode(t, 'cognito-local', [], /running on http:\/\/[^\n]*?:(\d+)/, { cwd: folder, env: { ...process.env, PORT: '0', HOST: '127.0.0.1' } });
        const ask = async (operation, body) => {
            const answer = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: JSON.stringify(body),
                headers: { 'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`, 'content-type': 'application/x-amz-json-1.1' } });
            const result = await answer.json();
            assert.equal(answer.status, 200, JSON.stringify(result));
            return result;
        };
        const { UserPool: { Id: pool } } = await ask('CreateUserPool', { PoolName: 'people' });
        for (const name of ['ann@example.org', 'bob@example.org']) {
            await ask('AdminCreateUser', { UserPoolId: pool, Username: name, DesiredDeliveryMediums: ['EMAIL'], UserAttributes: [{ Name: 'email', Value: name }] });
        }
        const env = { ...keys, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
        const result = await drive(env, ['cognito', pool]);
        assert.equal(result.status, 0, result.message);
        assert.deepEqual(JSON.parse(result.output).map(({ email }) => email).sort(), ['ann@example.org', 'bob@example.org']);
        assert.deepEqual(JSON.parse((await drive(env, ['cognito', pool, 'email = "bob@example.org"'])).output).map(({ email }) => email), ['bob@example.org']);
        assert.match((await drive(env, ['cognito', 'local_none'])).message, /^Cognito: ResourceNotFoundException/);
    });
});

describe('Secrets Manager', () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:tuva-empi-AbCdEf';
    const document = { env: 'cluster', db: { user: 'u', password: 'the-password', name: 'n', host: 'db.example.org', port: '5432' } };
    const secrets = (t, answer = { SecretString: JSON.stringify(document) }) => jsonService(t, 'secretsmanager', (asked) =>
        (asked.SecretId === arn && asked.target === 'secretsmanager.GetSecretValue' ? [200, answer] : [400, { __type: 'ResourceNotFoundException', Message: "Secrets Manager can't find the specified secret." }]));

    test('the configuration comes from a secret when there is no file', async (t) => {
        const service = await secrets(t);
        const folder = makeFolder(t);
        // The region is the secret's, whatever else is set.
        const env = { ...keys, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: service.url, TUVA_EMPI_CONFIG_FILE: '', TUVA_EMPI_CONFIG_AWS_SECRET_ARN: arn };
        const checked = await runProgram(folder, ['config', 'check'], env);
        assert.equal(checked.status, 0, checked.stderr);
        assert.match(checked.stdout + checked.stderr, /db\.example\.org/);
        assert.doesNotMatch(checked.stdout + checked.stderr, /the-password/);
        // A file is the stronger one.
        writeFileSync(join(folder, 'config.json'), '{"env": "of the file"}');
        const other = await runProgram(folder, ['config', 'check'], { ...env, TUVA_EMPI_CONFIG_FILE: 'config.json' });
        assert.match(other.stdout + other.stderr, /of the file/);
        assert.equal(service.requests.length, 1);
    });

    test('faults name the place, and never the value', async (t) => {
        const check = async (answer, secret = arn) => {
            const service = await secrets(t, answer);
            const env = { ...keys, AWS_ENDPOINT_URL: service.url, TUVA_EMPI_CONFIG_FILE: '', TUVA_EMPI_CONFIG_AWS_SECRET_ARN: secret };
            const result = await runProgram(makeFolder(t), ['config', 'check'], env);
            assert.equal(result.status, 1);
            assert.doesNotMatch(result.stderr, /hush/);
            return result.stderr;
        };
        assert.match(await check({}, 'arn:aws:secretsmanager:eu-west-1:1:secret:other'), /TUVA_EMPI_CONFIG_AWS_SECRET_ARN: AWS Secrets Manager: ResourceNotFoundException: Secrets Manager can't find/);
        assert.match(await check({ SecretBinary: 'aHVzaA==' }), /has no text\nhint: .*SecretString/);
        assert.match(await check({ SecretString: '{"db": {"password": "hush", "hots": "h"}}' }), /configuration arn:aws:secretsmanager:.* has \d+ fault/);
        assert.match(await check({ SecretString: 'hush' }), /arn:aws:secretsmanager/);
    });
});
