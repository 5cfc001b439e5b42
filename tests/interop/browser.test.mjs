// The form with a real browser: by keyboard alone, and what the browser itself sends of where a request
// comes from.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { ServedIdentity } from '../integration/identity-support.mjs';
import { assertCalm, openPage, postFrom, sessionOf } from './browser-support.mjs';

let served;
before(async () => {
    served = await ServedIdentity.make();
    served.try(['users', 'add', 'ann@example.org', '--role', 'admin', '--password-file', '-'], { input: 'correct horse' });
});
after(() => served.remove());

test('by keyboard alone: in, with a new password first', async (t) => {
    const [, password] = /^Password: (\S+)$/m.exec(served.run('users', 'add', 'bob@example.org').stdout);
    const page = await openPage(t, { bypassCSP: true });
    const keys = async (...texts) => {
        for (const text of texts) {
            await (text.startsWith('<') ? page.keyboard.press(text.slice(1, -1)) : page.keyboard.type(text));
        }
    };
    await page.goto(`${served.url}/login?return_to=/api/v1/docs`);
    await keys('bob@example.org', '<Tab>', 'wrong', '<Enter>');
    await page.getByRole('alert').waitFor();
    assert.equal(await page.getByLabel('User name or e-mail address').inputValue(), 'bob@example.org');
    page.complaints.splice(0); // it tells of the status 401
    await keys(password, '<Enter>');
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    await keys(password, '<Tab>', 'my own words', '<Tab>', 'my own words', '<Enter>');
    await page.waitForURL(`${served.url}/api/v1/docs`);
    assert.equal((await sessionOf(page, served.url)).user.email, 'bob@example.org');
    assertCalm(page);
});

test('what the page shows is labelled, and its style is allowed', async (t) => {
    const page = await openPage(t);
    await page.goto(`${served.url}/login`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByLabel('Password').fill('x');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('button')).borderTopWidth), '0px');
    assertCalm(page);
});

test('a page of ours may change something, one of another site may not', async (t) => {
    const page = await openPage(t, { bypassCSP: true });
    await page.goto(`${served.url}/login?return_to=/api/v1/docs`);
    await page.getByLabel('User name or e-mail address').fill('ann@example.org');
    await page.getByLabel('Password').fill('correct horse');
    await page.getByRole('button').click();
    await page.waitForURL(`${served.url}/api/v1/docs`);
    const { user, csrf_token: token } = await sessionOf(page, served.url);
    assert.equal(user.role, 'admin');
    assert.equal(await page.evaluate(() => document.cookie), `tuva_empi_csrf=${token}`, 'the session itself is out of reach');
    const path = `/api/v1/users/${user.id}`;
    assert.equal((await postFrom(page, path, { role: 'admin' }))[0], 200);
    assert.equal((await postFrom(page, path, { role: 'admin' }, { 'x-csrf-token': token }))[0], 200);
    assert.equal((await postFrom(page, path, { role: 'admin' }, { 'x-csrf-token': 'x' }))[0], 403);

    // Another port of the same host is another origin, but the same site: cookies come along.
    const other = createServer((_, response) => {
        response.setHeader('content-type', 'text/html');
        response.end(`<form method="post" action="${served.url}/logout"><button>Win</button></form>`);
    });
    await new Promise((settle) => other.listen(0, settle));
    t.after(() => other.close());
    await page.goto(`http://localhost:${other.address().port}/`);
    const [answer] = await Promise.all([page.waitForResponse(/logout/), page.getByRole('button').click()]);
    assert.equal(answer.status(), 403);
    await page.goto(`${served.url}/api/v1/docs`);
    assert.equal((await sessionOf(page, served.url)).user.id, user.id, 'and is still signed in');
    assert.equal((await postFrom(page, '/logout', {}))[0], 200);
    assert.equal((await sessionOf(page, served.url)).user, null);
});
