// Random imports, matching jobs, stewards' decisions, kills and repeats on one database, against a
// model in JavaScript (matching-model.mjs).
//
// TUVA_EMPI_TEST_OPERATIONS says how many operations, TUVA_EMPI_TEST_SEED which ones; the seed is
// printed. After every operation what it touched is compared with the model, persons, groups and
// versions, and that nothing else was; every so often all tables are, and the events replayed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Driver } from './index-driver.mjs';
import { Index, columns } from './index-support.mjs';
import { Model, pairWeight, probabilityOf, splinkModel } from './matching-model.mjs';
import { formatTable, isNear } from './support.mjs';

const operations = Number(process.env.TUVA_EMPI_TEST_OPERATIONS ?? 600);
const seed = Number(process.env.TUVA_EMPI_TEST_SEED ?? Math.floor(Math.random() * 1e9));
// Comparing everything takes longer and longer: about a hundred times in all.
const checkEvery = Math.max(100, Math.ceil(operations / 100));

const INVALID = 1;
const CONFLICT = 4;
const CANCELLED = 7;

// ---- chance ----

let state = seed;
/** From 0 to below 1: mulberry32, so that a seed gives the same run on every machine. */
function random() {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = (count) => Math.floor(random() * count);
const chance = (probability) => random() < probability;
const pick = (list) => list[below(list.length)];
const shuffled = (list) => list.map((item) => [random(), item]).sort(([a], [b]) => a - b).map(([, item]) => item);

// ---- people ----

const people = [];

/** Mostly of the last ones: so that groups stay of a size that one can look at. */
const recent = (list) => list[Math.max(0, list.length - 1 - Math.floor(-Math.log(1 - random()) * 12))];

function makePerson() {
    const relative = people.length > 0 && chance(0.4) ? recent(people) : null;
    people.push({
        phone: relative?.phone ?? `555${people.length}`,
        social_security_number: `9${people.length}`,
        last_name: chance(0.7) && relative ? relative.last_name : `${pick([...'abcdefgh'])}${below(8)}`,
        birth_date: `19${10 + below(80)}-01-0${1 + below(4)}`,
    });
}

/** One row that a source has of a person, with the errors that sources make. */
function makeRow() {
    if (people.length === 0 || chance(0.3)) {
        makePerson();
    }
    const owner = recent(people);
    const row = Object.fromEntries(columns.map((name) => [name, null]));
    row.data_source = pick(['hospital', 'lab', 'claims, "old"']);
    row.source_person_id = `${people.indexOf(owner)}-${below(50)}`;
    row.first_name = pick(['Ana', 'Bo', '', null, 'N\\A', '\\N', 'ü\t|']);
    for (const name of ['phone', 'social_security_number', 'last_name', 'birth_date']) {
        const dice = random();
        row[name] = dice < 0.1 ? null : dice < 0.15 ? '' : dice < 0.25 ? recent(people)[name] : owner[name];
    }
    return row;
}

/** The same row as another day's file has it. */
function changeRow(row) {
    const name = pick(['first_name', 'phone', 'city', 'last_name', 'birth_date']);
    return { ...row, [name]: row[name] === null ? '' : row[name] === '' ? null : pick([null, '', `${row[name]}x`]) };
}

// ---- the run ----

let index;
let driver;
const model = new Model();
const configs = [];
const queue = []; // imports that no job has done: {job, rows, config, total}
const files = []; // of the past
const held = []; // decisions that were right when they were made
const counts = {};
let lastEvent = 0;
let lastChange = '-infinity';

before(async () => {
    index = new Index();
    // Here only we are killed, not the server: it need not wait for the disk.
    index.sql('alter system set fsync = off');
    index.sql('select pg_reload_conf()');
    driver = new Driver(index);
    for (const [potential, auto, frequencies] of [[0.2, 0.9], [0.5, 0.99], [0.5, 1], [0.05, 0.5], [0.3, 0.95, true]]) {
        const text = JSON.stringify(splinkModel({ frequencies }));
        const { id } = await driver.run({ op: 'config', model: text, potential, auto });
        configs.push({ id, potential, auto, frequencies });
    }
    const [{ id }] = await driver.sql(['id'], `insert into empi.config
        (splink_settings, potential_match_threshold, auto_match_threshold) values ('{}', 0.5, 0.5) returning id`);
    configs.push({ id: Number(id), broken: true });
});

after(async () => {
    await driver.close();
    await index.remove();
});

const numbers = (row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value)]));

/** Sends an operation; one that the driver did not survive is looked for in the database. */
async function attempt(operation, tookPlace) {
    const killAfter = chance(0.01) ? below(12) : null;
    const answer = await driver.try(operation, killAfter);
    if (answer !== null) {
        return answer;
    }
    assert.ok(killAfter !== null || operation.die_at > 0, 'the driver died by itself');
    counts.killed = (counts.killed ?? 0) + 1;
    return { ...(await tookPlace()), killed: true };
}

// ---- imports ----

function makeFile() {
    const dice = random();
    const old = files.length > 0 ? recent(files) : [];
    const rows = dice < 0.1 ? [...old]
        : dice < 0.3 ? old.map((row) => (chance(0.3) ? changeRow(row) : row))
        : Array.from({ length: chance(0.03) ? 25 : below(8) }, makeRow);
    if (rows.length > 0 && chance(0.2)) {
        rows.push(pick(rows), changeRow(pick(rows)));
    }
    return chance(0.3) ? shuffled(rows) : rows;
}

async function importFile() {
    const rows = makeFile();
    const config = chance(0.01) ? configs.at(-1) : pick(configs.slice(0, -1));
    const csv = formatTable(shuffled(columns), rows);
    if (chance(0.02)) {
        const answer = await driver.try({ op: 'import', config: config.id, csv: `${csv}one,field,too,few\n` });
        assert.equal(answer.status, INVALID);
        return;
    }
    const [{ last }] = await driver.sql(['last'], 'select coalesce(max(id), 0) from empi.job');
    const answer = await attempt({ op: 'import', config: config.id, csv, die_at: chance(0.01) ? 1 + below(9) : 0 },
        async () => {
            const [made] = await driver.sql(['job'], `select id from empi.job where id > ${last}`);
            return made === undefined ? { status: CANCELLED } : { status: 0, job: Number(made.job), rows: rows.length };
        });
    if (answer.status === 0) {
        assert.equal(answer.rows, rows.length);
        queue.push({ job: answer.job, rows, config });
        files.push(rows);
    } else {
        assert.ok(answer.killed, answer.message);
        assert.deepEqual(await driver.sql(['id'], `select id from empi.job where id > ${last}
            union all select job_id from empi.person_record_staging where job_id > ${last}`), []);
    }
}

// ---- jobs ----

async function checkFailure(job, answer) {
    assert.match(answer.message, /the job's model/);
    assert.deepEqual(await driver.sql(['status', 'told'], `select status, reason like 'Error: %'
        from empi.job where id = ${job}`), [{ status: 'failed', told: 't' }]);
}

async function runJob() {
    if (queue.length === 0) {
        assert.equal((await driver.run({ op: 'job', threads: 1 })).job, 0);
        return;
    }
    const [next] = queue;
    const decision = !next.config.broken && chance(0.15) && openGroup() !== null ? makeDecision(openGroup()) : null;
    if (decision !== null) {
        const answer = await driver.try({ op: 'job', threads: 2, decide_at: 1 + below(8), decision });
        assert.equal(answer.status, 0, answer.message);
        queue.shift();
        await followJob(next, answer, decision);
        return;
    }
    // How many tries a job has is not what this is about.
    await driver.sql(['id'], `update empi.job set attempts = 0 where id = ${next.job} returning id`);
    const fault = chance(0.06) ? { [pick(['stop_at', 'lose_at', 'die_at'])]: 1 + below(9) } : {};
    const answer = await attempt({ op: 'job', threads: pick([1, 2, 7]), ...fault }, async () => {
        const [{ status }] = await driver.sql(['status'], `select status from empi.job where id = ${next.job}`);
        return { status: status === 'succeeded' ? 0 : CANCELLED };
    });
    assert.ok(answer.killed || answer.job === next.job, 'jobs run in the order of their ids');
    const broken = next.config.broken && answer.status === INVALID;
    if (answer.status !== 0 && !broken) {
        assert.ok(answer.killed || Object.keys(fault).length > 0, answer.message);
        assert.equal(answer.status, fault.stop_at > 0 && !answer.killed ? CANCELLED : answer.status);
        counts.interrupted = (counts.interrupted ?? 0) + 1;
        const [{ status }] = await driver.sql(['status'], `select status from empi.job where id = ${next.job}`);
        assert.ok(['new', 'running'].includes(status) || next.config.broken, status);
        if (status !== 'failed') {
            await compareTouched({ persons: new Set(), groups: new Set() });
            return;
        }
    }
    queue.shift();
    assert.deepEqual(await driver.sql(['id'],
        `select id from empi.person_record_staging where job_id = ${next.job}`), []);
    if (broken) {
        await checkFailure(next.job, answer);
    } else if (answer.status === 0) {
        await followJob(next, answer);
    }
}

/** A decision while the job was running: right until the job updates matches, a conflict from then on. */
async function followDecision(request, { results, decided, told, phase, event }) {
    const locked = results > 0 && ['writing records', 'writing matches', 'finishing'].includes(phase);
    assert.equal(model.refusal(request), null);
    assert.deepEqual([decided, told], locked ? [CONFLICT,
        'A matching job is currently updating matches. Please wait until the job finishes to perform a match.'] : [0, ''],
    `a decision while ${phase}`);
    const counter = locked ? 'conflicts' : 'decided meanwhile';
    counts[counter] = (counts[counter] ?? 0) + 1;
    return locked ? { persons: [], groups: [] } : applyDecision(request, event);
}

/** The model does what the job has done; ids are the job's. */
async function followJob({ job, rows, config }, answer, decision = null) {
    const fresh = model.stage(rows);
    const made = await driver.sql(['record', 'person', 'uuid', ...columns], `
        select r.id, a.person_id, p.uuid, ${columns.map((name) => `r.${name}`).join(', ')}
        from empi.person_record r
        join empi.person_action a on a.person_record_id = r.id
        join empi.match_event e on e.id = a.match_event_id and e.type = 'new-ids'
        join empi.person p on p.id = a.person_id
        where r.job_id = ${job}
        order by r.id`);
    const told = made.map(({ record, person, uuid, ...values }) => {
        assert.deepEqual(values, { ...fresh.shift() }, 'the new rows, in the order of the file');
        return { record: Number(record), person: Number(person), uuid, values };
    });
    assert.equal(fresh.length, 0, 'all new rows');
    model.addRecords(told.map(({ values }) => values), told);
    const meanwhile = decision !== null && answer.phase !== undefined ? await followDecision(decision, answer)
        : { persons: [], groups: [] };

    const pairs = model.predict(told.map(({ record }) => record), config);
    const results = (await driver.sql(['left', 'right', 'group', 'weight', 'probability'], `
        select person_record_l_id, person_record_r_id, match_group_id, match_weight, match_probability
        from empi.prediction_result where job_id = ${job}`)).map(numbers);
    const key = ({ left, right }) => `${left}-${right}`;
    const byPair = new Map(results.map((result) => [key(result), result]));
    assert.deepEqual([...byPair.keys()].sort(), pairs.map(key).sort(), 'the pairs above the threshold');
    assert.equal(results.length, pairs.length, 'each pair once');
    for (const pair of pairs) {
        const { weight, probability } = byPair.get(key(pair));
        assert.ok(isNear(weight, pair.weight) && isNear(probability, probabilityOf(pair.weight)), 'scores');
    }
    const outcome = model.match(pairs, config, (pair) => byPair.get(key(pair)).group);
    for (const pair of pairs) {
        assert.equal(byPair.get(key(pair)).group, pair.group, 'the group of a new result');
    }
    [...meanwhile.persons, ...told.map(({ person }) => person)].forEach((id) => outcome.persons.add(id));
    meanwhile.groups.forEach((id) => outcome.groups.add(id));
    if (!answer.killed) {
        const { rows: all, records, results: found, merged, matched, open } = answer;
        assert.deepEqual({ all, records, found, merged, matched, open }, { all: rows.length, records: told.length,
            found: pairs.length, merged: outcome.merged, matched: outcome.matched, open: outcome.open });
    }
    await compareTouched(outcome);
}

// ---- decisions ----

/** A group's records dealt out anew: some persons keep their own, others give and take, some are new. */
function makeDecision(group) {
    const persons = model.personsOf(group).filter(() => chance(0.8));
    const records = shuffled(persons.flatMap((person) => [...person.records]));
    const updates = persons.map(({ uuid, version }) => ({ uuid, version, records: [] }));
    const targets = [...updates, ...Array.from({ length: below(3) }, () => ({ records: [] }))];
    const favourite = pick(targets);
    const kind = pick(['one', 'same', 'any']);
    for (const id of records) {
        const owner = model.persons.get(model.records.get(id).person).uuid;
        const to = kind === 'one' ? favourite
            : kind === 'same' && chance(0.8) ? updates.find(({ uuid }) => uuid === owner)
            : pick(targets);
        to.records.push(id);
    }
    const used = targets.filter(({ uuid, records: own }) => uuid !== undefined || own.length > 0);
    return { op: 'decide', group: group.id, version: group.version, persons: shuffled(used) };
}

/** A right decision, spoilt in one way. */
function spoil(request) {
    const spoilt = structuredClone(request);
    const existing = spoilt.persons.filter(({ uuid }) => uuid !== undefined);
    const filled = spoilt.persons.filter(({ records }) => records.length > 0);
    const stranger = () => pick([...model.persons.values()]);
    const ways = [
        () => (spoilt.group = 1e9 + below(1000)),
        () => (spoilt.group = pick([...model.groups.keys()])),
        () => (spoilt.version += pick([-1, 1])),
        () => (pick(existing).version += pick([-1, 1])),
        () => pick(filled).records.splice(0, 1),
        () => pick(spoilt.persons).records.push(1e9 + below(1000)),
        () => {
            const [id] = stranger().records;
            if (id !== undefined && !filled.some(({ records }) => records.includes(id))) {
                pick(spoilt.persons).records.push(id);
            }
        },
        () => {
            const { uuid, version } = stranger();
            if (!existing.some((each) => each.uuid === uuid)) {
                spoilt.persons.push({ uuid, version, records: [] });
            }
        },
        () => spoilt.persons.splice(spoilt.persons.indexOf(pick(existing)), 1),
    ];
    pick(ways)();
    // A new person needs a record: what shows without the database has tests of its own.
    spoilt.persons = spoilt.persons.filter(({ uuid, records }) => uuid !== undefined || records.length > 0);
    return spoilt;
}

async function decide(request) {
    const refusal = model.refusal(request);
    const answer = await attempt(request, async () => {
        const [event] = await driver.sql(['event'], `select max(id) from empi.match_event
            where type = 'manual-match' and id > ${lastEvent}`);
        return event.event === null ? { status: CANCELLED } : { status: 0, event: Number(event.event) };
    });
    if (refusal !== null && !answer.killed) {
        assert.deepEqual([answer.status, answer.message], [INVALID, refusal]);
        counts[refusal] = (counts[refusal] ?? 0) + 1;
    } else if (!answer.killed) {
        assert.equal(answer.status, 0, answer.message);
    }
    if (answer.status !== 0) {
        await compareTouched({ persons: new Set(), groups: new Set() });
        return;
    }
    assert.equal(refusal, null);
    counts.decided = (counts.decided ?? 0) + 1;
    await compareTouched(await applyDecision(request, answer.event));
}

/** The model does what the steward has decided; gives what that touched. */
async function applyDecision(request, event) {
    const owners = new Map((await driver.sql(['record', 'id', 'uuid'], `
        select d.person_record_id, p.id, p.uuid
        from empi.manual_decision d
        join empi.person p on p.id = d.person_id
        where d.match_event_id = ${event}`)).map(({ record, id, uuid }) => [Number(record), { id: Number(id), uuid }]));
    const before = new Set(model.persons.keys());
    const outcome = model.decide(request, event, (record) => owners.get(record));
    [...model.persons.keys()].filter((id) => !before.has(id)).forEach((id) => outcome.persons.add(id));
    return outcome;
}

function openGroup() {
    const open = [...model.groups.values()].slice(-300).filter((group) => group.state === 'open');
    return open.length === 0 ? null : pick(open);
}

async function decideSomething() {
    const group = openGroup();
    if (group === null) {
        await (queue.length > 0 ? runJob() : importFile());
        return;
    }
    const request = makeDecision(group);
    const dice = random();
    if (dice < 0.15) {
        held.push(request);
    } else if (dice < 0.3 && held.length > 0) {
        await decide(held.splice(below(held.length), 1)[0]);
    } else {
        await decide(request.persons.length > 0 && dice < 0.7 ? spoil(request) : request);
    }
}

// ---- looking ----

const personsSql = `select p.id, p.uuid, p.version, p.record_count, p.deleted is not null from empi.person p`;
const personNames = ['id', 'uuid', 'version', 'records', 'deleted'];
const groupsSql = `select g.id, g.version, case when g.matched is not null then 'matched'
    when g.deleted is not null then 'deleted' else 'open' end from empi.match_group g`;
const groupNames = ['id', 'version', 'state'];

const modelPerson = (id) => {
    const { uuid, version, records } = model.persons.get(id);
    return { id: String(id), uuid, version: String(version), records: String(records.size), deleted: records.size === 0 ? 't' : 'f' };
};
const modelGroup = (id) => {
    const { version, state: as } = model.groups.get(id);
    return { id: String(id), version: String(version), state: as };
};
const inOrder = (ids) => [...ids].sort((a, b) => a - b);

/** Exactly these have changed since the operation before, to what the model says. */
async function compareTouched({ persons, groups }) {
    assert.deepEqual(await driver.sql(personNames, `${personsSql} where p.id in (
            select a.person_id from empi.person_action a
            where a.match_event_id > ${lastEvent} and a.type <> 'review')
        order by p.id`), inOrder(persons).map(modelPerson), 'the persons that changed');
    assert.deepEqual(await driver.sql(groupNames, `${groupsSql} where g.updated > '${lastChange}' order by g.id`),
        inOrder(groups).map(modelGroup), 'the groups that changed');
    const [last] = await driver.sql(['event', 'change'], `
        select coalesce(max(id), 0), (select coalesce(max(updated), '-infinity') from empi.match_group)
        from empi.match_event`);
    lastEvent = Number(last.event);
    lastChange = last.change;
}

/** Jobs of the private PostgreSQL do not have their references checked row by row: here they are. */
async function checkReferences() {
    const keys = await driver.sql(['table', 'column', 'other', 'key'], `
        select k.conrelid::regclass, a.attname, k.confrelid::regclass, f.attname
        from pg_constraint k
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
        join pg_attribute f on f.attrelid = k.confrelid and f.attnum = k.confkey[1]
        where k.contype = 'f' and k.connamespace = 'empi'::regnamespace`);
    assert.ok(keys.length > 15);
    assert.deepEqual(await driver.sql(['place'], keys.map(({ table, column, other, key }) => `
        (select '${table}.${column}' from ${table} t where t.${column} is not null
            and not exists (select from ${other} o where o.${key} = t.${column}) limit 1)`).join(' union all ')), [],
    'every reference leads somewhere');
}

/** All of it. */
async function compareAll() {
    assert.deepEqual(await driver.sql(personNames, `${personsSql} order by p.id`),
        inOrder(model.persons.keys()).map(modelPerson), 'all persons');
    assert.deepEqual(await driver.sql(groupNames, `${groupsSql} order by g.id`),
        inOrder(model.groups.keys()).map(modelGroup), 'all groups');
    assert.deepEqual(await driver.sql(['id', 'person'], 'select id, person_id from empi.person_record order by id'),
        inOrder(model.records.keys()).map((id) => ({ id: String(id), person: String(model.records.get(id).person) })),
        'who owns which record');
    const held_ = (await driver.sql(['l', 'r', 'group'], `select person_record_l_id, person_record_r_id, match_group_id
        from empi.prediction_result`)).map(({ l, r, group }) => `${l}-${r}-${group}`).sort();
    assert.deepEqual(held_, [...model.results].map(({ left, right, group }) => `${left}-${right}-${group}`).sort(),
        'which group holds which result');
    assert.deepEqual(await driver.sql(['id'], `
        select r.id from empi.person_record r join empi.person p on p.id = r.person_id where p.deleted is not null`), [],
    'no record of a deleted person');
    // Records that the same decision named last, and parted, are apart.
    assert.deepEqual(await driver.sql(['person', 'event'], `
        select r.person_id, d.event
        from (
            select distinct on (person_record_id) person_record_id as record, match_event_id as event, person_id as person
            from empi.manual_decision
            order by person_record_id, match_event_id desc
        ) as d
        join empi.person_record r on r.id = d.record
        group by r.person_id, d.event
        having count(distinct d.person) > 1`), [], 'never linked again');
    await checkReferences();
    index.check();
}

test(`${operations} random operations, seed ${seed}`, { timeout: 4 * 3600e3 }, async (t) => {
    t.diagnostic(`TUVA_EMPI_TEST_SEED=${seed} TUVA_EMPI_TEST_OPERATIONS=${operations}`);
    for (let i = 1; i <= operations; i++) {
        const dice = random();
        try {
            await (dice < 0.1 ? importFile() : dice < 0.3 ? runJob() : decideSomething());
            if (i % checkEvery === 0) {
                await compareAll();
            }
        } catch (error) {
            error.message = `operation ${i}, seed ${seed}: ${error.message}`;
            throw error;
        }
    }
    await compareAll();
    const { size: persons } = model.persons;
    t.diagnostic(`${model.records.size} records, ${persons} persons, ${model.groups.size} groups; ` +
        JSON.stringify(counts));
    assert.ok(operations < 600 || Object.keys(counts).length >= 7, 'every kind of operation came up');
});
