// The page at the server's root, and the version that the API shows.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ServedApi } from './api-support.mjs';
import { root } from './support.mjs';

const version = readFileSync(join(root, 'VERSION'), 'utf8').trim();

let api;
before(async () => (api = await ServedApi.make()));
after(() => api.remove());

/** Addresses that the page leads to, and its text. */
async function home(role) {
    const answer = await api.fetch('GET', '/', { role });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.match(answer.headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-[^']+';/);
    return { links: [...answer.text.matchAll(/ href="([^"]+)"/g)].map(([, path]) => path), text: answer.text };
}

test('the page tells what this is, and leads to what its reader may see', async () => {
    const forNobody = await home();
    assert.ok(forNobody.text.includes(`version ${version}.`));
    assert.deepEqual(forNobody.links, ['/api/v1/docs']);
    assert.deepEqual((await home('none')).links, ['/api/v1/docs']);
    const forMember = await home('member');
    assert.match(forMember.text, /Signed in as member@example\.com, member\./);
    for (const path of forMember.links) {
        assert.equal((await api.fetch('GET', path, { role: 'member' })).status, 200, path);
    }
    assert.equal(forMember.links.length, 4);
});

test('what users call themselves is text, not HTML', async () => {
    api.sql(`update empi.app_user set email = '<b title="x">&' where idp_user_id = 'none'`);
    assert.match((await home('none')).text, /as &lt;b title=&quot;x&quot;&gt;&amp;, without a role/);
});

test('the description of the API has the version of the program', async () => {
    assert.equal(api.description.document.info.version, version);
});
