// kill -9 of whatever takes part, at random moments: nothing is lost, nothing doubled, and the queue
// goes on.
//
// TUVA_EMPI_TEST_KILLS says how many, TUVA_EMPI_TEST_SEED which ones; the seed is printed. What runs
// beside each other is not in the seed's hand, so a seed gives the same kills, not the same run.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { columns, grouped, numbers, person } from './index-support.mjs';
import { formatTable, put } from './support.mjs';
import { ServedIndex, childrenOf, eventually, kill, makeRandom, pause } from './service-support.mjs';

const kills = Number(process.env.TUVA_EMPI_TEST_KILLS ?? 15);
const seed = Number(process.env.TUVA_EMPI_TEST_SEED ?? Math.floor(Math.random() * 1e9));
const random = makeRandom(seed);
const pick = (list) => list[Math.floor(random() * list.length)];

let index;
before(() => (index = new ServedIndex()));
after(() => index.remove());

// ---- files ----

const perFile = 120;
const personCount = 300;
const all = []; // records of all files

/** Records of people who are in other files, too: one social security number, one person. */
function makeFile(number) {
    const records = Array.from({ length: perFile }, (_, i) => {
        const who = (number * 37 + i * 11) % personCount;
        return person(`${number}-${i}`, { social_security_number: `n${who}`, city: `c${number}` });
    });
    all.push(...records);
    return put(index.folder, `file-${number}.csv`, formatTable(columns, records));
}

const startImport = (file) => index.start(['import', file, '--config', 'model.json', '--potential', '0.5', '--auto', '0.9']);

/** As a person would: again, until it says that it is done. A file that was imported already, but could
 *  not say so any more, is imported twice. */
async function finishImport(file, importer) {
    for (let tries = 0; (await importer.ended).status !== 0; tries++) {
        const { signal } = await importer.ended;
        assert.ok(signal === 'SIGKILL' || /PostgreSQL|database/.test(importer.stderr), importer.stderr);
        assert.ok(tries < 30, `${file}: ${importer.stderr}`);
        await pause(100);
        importer = startImport(file);
    }
}

// ---- victims ----

const services = [];
const killed = new Set();
const tally = {};

function keepServices() {
    while (services.filter(({ child }) => child.exitCode === null && !killed.has(child.pid)).length < 2) {
        services.push(index.start(['matching-service']));
    }
}

const living = () => services.filter(({ child }) => !killed.has(child.pid));
const runners = () => living().flatMap(({ child }) => childrenOf(child.pid));

function postmaster() {
    try {
        return index.serverPid();
    } catch {
        return null; // there is none just now
    }
}

const victims = {
    runner: () => pick(runners()),
    service: () => pick(living()).child.pid,
    importer: (importer) => importer.child.pid,
    server: postmaster,
    session: () => pick(childrenOf(postmaster())),
};
const lots = ['runner', 'runner', 'runner', 'service', 'service', 'importer', 'importer', 'server', 'session'];

/** Kills one; waits for it to be there, but not for long. */
async function strike(importer) {
    const name = pick(lots);
    const delay = random() * 150;
    for (let tries = 0; tries < 100; tries++) {
        const pid = victims[name](importer);
        if (pid) {
            await pause(delay);
            if (kill(pid)) {
                killed.add(pid);
                tally[name] = (tally[name] ?? 0) + 1;
                return true;
            }
        }
        await pause(20);
    }
    return false;
}

// ---- the queue ----

/** SQL that may hit a server which is just recovering. */
async function ask(sql) {
    for (let tries = 0; ; tries++) {
        try {
            return index.sql(sql);
        } catch (error) {
            assert.ok(tries < 30, error);
            await pause(200);
        }
    }
}

const queueHas = (most) => eventually(async () =>
    (await ask("select id from empi.job where status in ('new', 'running')")).length <= most,
() => services.map(({ stderr }) => stderr.slice(-600)).join('\n--\n'), 300);

/** A job that died three times has failed by the rules; its file is imported again. */
async function repeatFailed() {
    const failed = await ask("select id, reason, source_uri from empi.job where status = 'failed'");
    for (const { reason, source_uri: uri } of failed) {
        assert.match(reason, /^Error: its runner died 3 times without an answer/);
        const file = uri.replace('file://', '');
        await finishImport(file, startImport(file));
    }
    await queueHas(0);
    return failed.length;
}

test(`${kills} kills, seed ${seed}`, async (t) => {
    t.diagnostic(`TUVA_EMPI_TEST_SEED=${seed}`);
    put(index.folder, 'model.json', numbers);
    let done = 0;
    for (let number = 1; done < kills; number++) {
        keepServices();
        const file = makeFile(number);
        const importer = startImport(file);
        done += (await strike(importer)) ? 1 : 0;
        await finishImport(file, importer);
        if (random() < 0.3) {
            await queueHas(1);
        }
    }
    keepServices();
    await queueHas(0);
    const repeated = await repeatFailed();
    t.diagnostic(`${JSON.stringify(tally)}, ${all.length} records, ${repeated} jobs died three times`);

    index.check();
    const crosswalk = index.crosswalk();
    assert.deepEqual(crosswalk.map((row) => row.source_person_id).sort(),
        all.map((row) => row.source_person_id).sort(), 'every record once');
    assert.deepEqual(index.persons(),
        grouped(all.map((row) => [row.social_security_number, row.source_person_id])), 'persons');
    assert.deepEqual(await ask('select count(*) from empi.person_record_staging'), [{ count: '0' }]);
    // One that finds no database when it starts says so and ends; one that has begun lives through it.
    for (const { child, stderr } of services) {
        assert.ok(killed.has(child.pid) || child.exitCode === null || /^tuva-empi: .*(database|PostgreSQL)/.test(stderr),
            `a service ended by itself: ${stderr}`);
    }
});
