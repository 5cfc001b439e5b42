// Two services, three importers and ten stewards at once: no deadlock, and nothing wrong afterwards.
//
// TUVA_EMPI_TEST_SEED says what they do; it is printed. TUVA_EMPI_TEST_ROUNDS says how many files each
// importer brings.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Driver } from './index-driver.mjs';
import { columns, grouped, model, person } from './index-support.mjs';
import { formatTable, put } from './support.mjs';
import { ServedIndex, eventually, makeRandom } from './service-support.mjs';

const importerCount = 3;
const stewardCount = 10;
const rounds = Number(process.env.TUVA_EMPI_TEST_ROUNDS ?? 4);
const seed = Number(process.env.TUVA_EMPI_TEST_SEED ?? Math.floor(Math.random() * 1e9));

let index;
before(() => (index = new ServedIndex()));
after(() => index.remove());

const all = [];
let importing = importerCount;
const outcomes = {};

/** Families with one phone: the same name merges, another one is left to a steward. */
function makeFile(importer, round, random) {
    const records = Array.from({ length: 60 }, (_, i) => {
        const family = Math.floor(random() * 80);
        return person(`${importer}-${round}-${i}`, { phone: `p${family}`, last_name: `n${Math.floor(random() * 5)}` });
    });
    all.push(...records);
    return put(index.folder, `file-${importer}-${round}.csv`, formatTable(columns, records));
}

async function runImporter(importer) {
    const random = makeRandom(seed + importer);
    for (let round = 0; round < rounds; round++) {
        const waiting = index.start(['import', makeFile(importer, round, random), '--config', 'model.json',
            '--potential', '0.5', '--auto', '0.95', ...(round % 2 === 0 ? ['--wait'] : [])]);
        assert.deepEqual(await waiting.ended, { status: 0, signal: null }, waiting.stderr);
    }
    importing--;
}

/** What a steward sees of an open group: its persons, each with its records. */
async function look(driver, random) {
    const groups = await driver.sql(['id', 'version'],
        'select id, version from empi.match_group where matched is null and deleted is null order by id limit 20');
    if (groups.length === 0) {
        return null;
    }
    const group = groups[Math.floor(random() * groups.length)];
    const rows = await driver.sql(['uuid', 'version', 'records'], `
        select p.uuid, p.version, string_agg(r.id::text, ' ' order by r.id)
        from empi.person p
        join empi.person_record r on r.person_id = p.id
        where p.id in (
            select o.person_id
            from empi.prediction_result e
            join empi.person_record o on o.id in (e.person_record_l_id, e.person_record_r_id)
            where e.match_group_id = ${group.id}
        )
        group by p.id`);
    const persons = rows.map(({ uuid, version, records }) =>
        ({ uuid, version: Number(version), records: records.split(' ').map(Number) }));
    return { op: 'decide', group: Number(group.id), version: Number(group.version), persons };
}

/** One person, different ones, or a record in a person of its own. */
function decide(request, random) {
    const [first, ...others] = request.persons;
    const kind = Math.floor(random() * 3);
    if (kind === 0 && others.length > 0) {
        first.records = [first, ...others].flatMap(({ records }) => records);
        others.forEach((each) => (each.records = []));
    } else if (kind === 1 && first.records.length > 1) {
        request.persons.push({ records: [first.records.pop()] });
    }
    return request;
}

// What may happen to a steward; everything else is a fault.
const expected = [
    /^Potential match version is outdated$/,
    /^Potential match has been replaced$/,
    /^Potential match has already been matched$/,
    /^Invalid Person UUID or version outdated$/,
    /must be related to PotentialMatch$/,
    /that are (removed|added) (from|to) a Person, must be/,
    /^A matching job is currently updating matches\./,
];

async function runSteward(number) {
    const random = makeRandom(seed + 100 + number);
    const driver = new Driver(index, { alone: false });
    while (importing > 0) {
        const request = await look(driver, random);
        const answer = request === null ? null : await driver.try(decide(request, random));
        const told = answer === null ? 'nothing to do' : answer.status === 0 ? 'decided' : answer.message;
        assert.ok(answer === null || answer.status === 0 || expected.some((pattern) => pattern.test(told)),
            JSON.stringify(answer));
        outcomes[told] = (outcomes[told] ?? 0) + 1;
        await new Promise((settle) => setTimeout(settle, random() * 50));
    }
    await driver.close();
}

test(`two services, three importers, ten stewards, seed ${seed}`, async (t) => {
    t.diagnostic(`TUVA_EMPI_TEST_SEED=${seed}`);
    put(index.folder, 'model.json', model);
    const services = [await index.serve(), await index.serve(['matching-service'], /standing by/)];
    const importers = Array.from({ length: importerCount }, (_, i) => runImporter(i).catch((error) => {
        importing = 0;
        throw error;
    }));
    const stewards = Array.from({ length: stewardCount }, (_, i) => runSteward(i));
    await Promise.all([...importers, ...stewards]);
    await eventually(() => index.sql("select id from empi.job where status in ('new', 'running')").length === 0,
        () => services[0].stderr);
    t.diagnostic(JSON.stringify(outcomes));
    assert.ok(outcomes.decided > 0, 'stewards have decided something');

    index.check();
    assert.deepEqual(index.sql("select id, reason from empi.job where status <> 'succeeded'"), []);
    const crosswalk = index.crosswalk();
    assert.deepEqual(crosswalk.map((row) => row.source_person_id).sort(), all.map((row) => row.source_person_id).sort());
    // No person has records of two families: nobody has ever said that they are the same.
    const families = grouped(crosswalk.map((row) => [row.person_id, row.phone]));
    assert.deepEqual(families.filter((phones) => new Set(phones).size > 1), []);
    // Nothing open holds a result between records of one person only.
    assert.deepEqual(index.sql(`
        select g.id
        from empi.match_group g
        join empi.prediction_result e on e.match_group_id = g.id
        join empi.person_record l on l.id = e.person_record_l_id
        join empi.person_record r on r.id = e.person_record_r_id
        where g.matched is null and g.deleted is null
        group by g.id
        having bool_and(l.person_id = r.person_id)`), []);
    services.forEach(({ child, stderr }) => assert.equal(child.exitCode, null, stderr));
    assert.deepEqual(index.sql("select deadlocks from pg_stat_database where datname = current_database()"),
        [{ deadlocks: '0' }]);
});
