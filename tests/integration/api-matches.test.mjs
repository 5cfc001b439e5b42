// Potential matches over HTTP: finding, looking at and deciding them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ServedApi } from './api-support.mjs';
import { columns, person } from './index-support.mjs';
import { assertNear, exact, formatTable, makeModel, parseTable } from './support.mjs';

let api;
before(async () => {
    api = await ServedApi.make();
    await api.serve();
});
after(async () => {
    api.check();
    await api.remove();
});

/** Equal first names also say how common they are. */
const model = (() => {
    const first = exact('first_name', 0.9, 0.05);
    Object.assign(first.comparison_levels[1], { tf_adjustment_column: 'first_name', label_for_charts: 'the same' });
    return makeModel([exact('phone', 0.99, 0.0001), exact('last_name', 0.9, 0.01), first], ['l.phone = r.phone']);
})();

const configs = new Map();
/** Imports and matches records. */
const load = async (records, auto = 1) => {
    if (!configs.has(auto)) {
        const { config_id: id } = await api.post('/config',
            { splink_settings: model, potential_match_threshold: 0.1, auto_match_threshold: auto });
        configs.set(auto, id);
    }
    const { json } = await api.upload('/person-records/import',
        [['file', new Blob([formatTable(columns, records)]), 'records.csv'], ['config_id', configs.get(auto)]]);
    assert.equal((await api.finished(json.job_id)).status, 'succeeded');
};

let phones = 0;
/** Imports `count` records that are one open potential match; gives its detail. */
const makeMatch = async (count = 2, more = () => ({})) => {
    const phone = `555-${++phones}`;
    const records = Array.from({ length: count }, (_, i) =>
        person(`${phone}-${i}`, { phone, last_name: `Name${i}`, first_name: `Match${phones}`, ...more(i) }));
    await load(records);
    const { potential_matches: [found], pagination } = await api.get('/potential-matches', { source_person_id: `${phone}-0` });
    assert.equal(pagination.total_count, 1);
    return (await api.get(`/potential-matches/${found.id}`)).potential_match;
};

/** Everything into the first person; the others end. */
const merge = (match) => ({
    potential_match_id: match.id,
    potential_match_version: match.version,
    person_updates: match.persons.map(({ id, version }, i) => ({ id, version,
        new_person_record_ids: i === 0 ? match.persons.flatMap(({ records }) => records.map((record) => record.id)) : [] })),
});

test('a list of potential matches begins with the most probable', async () => {
    await makeMatch();
    await makeMatch(2, () => ({ last_name: 'Alike' }));
    const { potential_matches: list, pagination } = await api.get('/potential-matches');
    assert.equal(pagination.total_count, 2);
    assert.ok(list[0].max_match_probability > list[1].max_match_probability);
    assert.deepEqual(list[0].data_sources, ['a']);
    assert.equal(list[0].last_name, 'Alike');
    assert.deepEqual((await api.get('/potential-matches', { last_name: 'alike' })).potential_matches, [list[0]]);
    assert.deepEqual(await api.faults('GET', '/potential-matches', { query: { first: 'x' } }), ['first: Unexpected field']);
});

test('the parts of an explanation add up to the weight that is stored', async () => {
    const match = await makeMatch(3);
    assert.equal(match.results.length, 3);
    const stored = api.sql('select * from empi.prediction_result');
    for (const result of match.results) {
        const row = stored.find(({ id }) => `prre_${id}` === result.id);
        assert.equal(result.match_weight, Number(row.match_weight));
        assert.equal(result.match_probability, Number(row.match_probability));
        const { prior_weight: prior, term_frequency_weight: shared, comparisons } = result.explanation;
        const sum = comparisons.reduce((total, { weight, term_frequency_weight: tf }) => total + weight + (tf ?? 0),
            prior + shared);
        assertNear(sum, Number(row.match_weight), result.id);
        assert.deepEqual(comparisons.map(({ name }) => name), ['phone', 'last_name', 'first_name']);
        const first = comparisons[2];
        assert.deepEqual([first.level, first.label, first.term_frequency_adjusted, first.is_null_level], [1, 'the same', true, false]);
        assertNear(first.weight, Math.log2(0.9 / 0.05), 'the weight of a level is log2(m / u)');
        assert.notEqual(first.term_frequency_weight, 0);
    }
});

test('fault_16_and_fault_17_the_fields_of_records_are_chosen_by_name', async () => {
    const { id } = await makeMatch();
    const detail = (query) => api.get(`/potential-matches/${id}`, query);
    const keys = async (fields) => Object.keys((await detail({ fields })).potential_match.persons[0].records[0]);
    assert.deepEqual(await keys('county,death_date,phone,social_security_number'),
        ['death_date', 'social_security_number', 'county', 'phone']);
    assert.deepEqual(await keys(' id , birth_date'), ['id', 'birth_date']);
    assert.deepEqual(await keys('notes,id'), ['id', 'notes']);
    const all = ['id', 'person_id', 'created', 'person_updated', 'matched_or_reviewed', ...columns, 'notes'];
    assert.deepEqual(await keys(''), all);
    assert.deepEqual(Object.keys((await detail()).potential_match.persons[0].records[0]), all);
    assert.deepEqual(await api.faults('GET', `/potential-matches/${id}`, { query: { fields: 'id,nope,', page: 0,
        include_metadata: 'perhaps' } }), ['fields: "nope" is not a valid choice.', 'include_metadata: Must be a valid boolean.',
        'page: Ensure this value is greater than or equal to 1.']);
});

test('pages of a potential match are of its persons', async () => {
    const match = await makeMatch(3);
    const page = await api.get(`/potential-matches/${match.id}`, { page: 2, page_size: 2, include_metadata: 'false' });
    assert.deepEqual(page.potential_match.persons, match.persons.slice(2));
    assert.deepEqual(page.potential_match.results, match.results);
    assert.equal(page.pagination.total_count, 3);
    assert.equal(page.metadata, undefined);
    const { metadata } = await api.get(`/potential-matches/${match.id}`);
    assert.deepEqual(metadata, { total_persons: 3, total_records: 3, total_results: 3, returned_results: 3 });
});

test('fault_13_comments_are_kept_with_their_author', async () => {
    const match = await makeMatch();
    const record = match.persons[1].records[0].id;
    const comments = [{ person_record_id: record, comment: ' moved in 2020; <b>"certain"</b> ' }];
    const { match_event_id: event } = await api.post('/matches', { ...merge(match), comments });
    assert.deepEqual(api.sql(`select note, 'pr_' || person_record_id as record, 'me_' || match_event_id as event,
            'u_' || author_id as author from empi.person_record_note`),
    [{ note: 'moved in 2020; <b>"certain"</b>', record, event, author: api.userId('member') }]);
    assert.equal(`u_${api.sql(`select user_id from empi.match_event where 'me_' || id = '${event}'`)[0].user_id}`, api.userId('member'));
});

test('fault_13_comments_are_shown_with_their_records_wherever_these_go', async () => {
    const notes = async (id) => Object.fromEntries((await api.get(`/persons/${id}`)).person.records.map((record) =>
        [record.id, record.notes.map(({ comment, author, match_event_id: event }) => [comment, author, event])]));
    const match = await makeMatch(3);
    const [first, second, third] = match.persons;
    const [a, b, c] = match.persons.map(({ records }) => records[0].id);
    assert.deepEqual(match.persons.map(({ records }) => records[0].notes), [[], [], []]);
    // They are all different; what is said of one is said of no other.
    const odd = 'said "no"; it\'s\r\n\ttwo lines \\ \u001b[31m\u0007\u009b1m\u202e Jörg 李 {},NULL';
    const said = [[c, 'third'], [a, odd], [a, 'and again']].map(([id, comment]) => ({ person_record_id: id, comment }));
    const { match_event_id: earlier } = await api.post('/matches', { potential_match_id: match.id,
        potential_match_version: match.version, person_updates: [], comments: said });
    const member = api.userId('member');
    const ofA = [[odd, member, earlier], ['and again', member, earlier]];
    assert.deepEqual(await notes(first.id), { [a]: ofA });
    assert.deepEqual(await notes(second.id), { [b]: [] });
    // A later record makes them a potential match again, which shows what was said.
    const { phone } = first.records[0];
    await load([person(`${phone}-later`, { phone, first_name: 'Later' })]);
    const { potential_matches: [{ id }] } = await api.get('/potential-matches', { source_person_id: `${phone}-later` });
    const { potential_match: again } = await api.get(`/potential-matches/${id}`);
    assert.deepEqual(Object.fromEntries(again.persons.flatMap(({ records }) => records).map((record) =>
        [record.id, record.notes.map(({ comment }) => comment)])), { [a]: [odd, 'and again'], [b]: [], [c]: ['third'],
        [again.persons[3].records[0].id]: [] });
    // Somebody else moves the record, and what was said goes with it.
    const update = ({ id: own, version }, ...records) => ({ id: own, version, new_person_record_ids: records });
    const { match_event_id: later } = await api.post('/matches', { potential_match_id: id, potential_match_version: again.version,
        person_updates: [update(first), update(third, c, a)], comments: [{ person_record_id: a, comment: 'mistaken' }] }, 'admin');
    assert.deepEqual(await notes(third.id),
        { [a]: [...ofA, ['mistaken', api.userId('admin'), later]], [c]: [['third', member, earlier]] });
    // When: in the same form as everything else, and the oldest first. Nothing more is told of the author.
    const times = (await api.get(`/persons/${third.id}`)).person.records[0].notes;
    assert.deepEqual(Object.keys(times[0]), ['created', 'comment', 'author', 'match_event_id']);
    times.forEach(({ created }) => {
        assert.match(created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
        assert.ok(Math.abs(Date.now() - Date.parse(created)) < 600_000, 'in UTC');
    });
    assert.ok(times[0].created <= times[1].created && times[1].created < times[2].created);
});

test('a note of the command line has no author', async () => {
    const match = await makeMatch();
    const [record] = match.persons[0].records;
    const decision = { ...merge(match), comments: [{ person_record_id: record.id, comment: 'by hand' }] };
    const event = api.try(['potential-matches', 'match', match.id, '-'], { input: JSON.stringify(decision) }).stdout.trim();
    const { person: answered } = await api.get(`/persons/${match.persons[0].id}`);
    const [{ created, ...note }] = answered.records[0].notes;
    assert.ok(created);
    assert.deepEqual(note, { comment: 'by hand', author: null, match_event_id: event });
    // The command line tells the same as the API.
    assert.deepEqual(JSON.parse(api.run('persons', 'show', '--json', match.persons[0].id).stdout), { person: answered });
});

test('fault_08_a_person_that_was_emptied_leads_to_who_has_its_records', async () => {
    const match = await makeMatch(3);
    const [first, second, third] = match.persons;
    await api.post('/matches', merge({ ...match, persons: [first, second, third] }));
    const moved = await api.call('GET', `/persons/${second.id}`, { role: 'member' });
    assert.equal(moved.status, 301);
    assert.equal(moved.headers.get('location'), `/api/v1/persons/${first.id}`);
    const { person: kept } = await api.get(`/persons/${first.id}`);
    assert.equal(kept.records.length, 3);
    assert.equal(kept.version, first.version + 1);
});

test('a person whose records went several ways is gone, with the list of them', async () => {
    // One person with two records, and a third record that it may be, too.
    const phone = `555-${++phones}`;
    const named = (i, more) => person(`${phone}-${i}`, { phone, last_name: 'Same', first_name: 'Gone', ...more });
    await load([named(0), named(1)], 0.5);
    await load([named(2, { last_name: 'Other' })]);
    const { potential_matches: [{ id }] } = await api.get('/potential-matches', { source_person_id: `${phone}-2` });
    const { potential_match: match } = await api.get(`/potential-matches/${id}`);
    const two = match.persons.find(({ records }) => records.length === 2);
    const other = match.persons.find(({ records }) => records.length === 1);
    const ids = two.records.map((record) => record.id);
    await api.post('/matches', { potential_match_id: id, potential_match_version: match.version, person_updates: [
        { id: two.id, version: two.version, new_person_record_ids: [] },
        { id: other.id, version: other.version, new_person_record_ids: [other.records[0].id, ids[0]] },
        { new_person_record_ids: [ids[1]] },
    ] });
    const gone = await api.call('GET', `/persons/${two.id}`, { role: 'member' });
    assert.equal(gone.status, 410);
    assert.equal(gone.json.persons.length, 2);
    assert.ok(gone.json.persons.some((each) => each.id === other.id));
    for (const each of gone.json.persons) {
        await api.get(`/persons/${each.id}`);
    }
});

test('a decision against the rules is refused with the rule', async () => {
    const match = await makeMatch();
    const [first, second] = match.persons;
    const stranger = (await makeMatch()).persons[0];
    const decide = (more) => api.faults('POST', '/matches', { json: { ...merge(match), ...more } });
    const update = ({ id, version }, ...records) => ({ id, version, new_person_record_ids: records });
    const [a, b] = [first.records[0].id, second.records[0].id];
    const cases = [
        [{ potential_match_id: 'pm_99999' }, 'Potential match does not exist'],
        [{ potential_match_version: 99 }, 'Potential match version is outdated'],
        [{ person_updates: [{ id: first.id, new_person_record_ids: [a] }] },
            'A PersonUpdate for an existing Person should specify a version'],
        [{ person_updates: [{ version: 1, new_person_record_ids: [a] }] }, 'A PersonUpdate for a new Person should not specify a version'],
        [{ person_updates: [{ new_person_record_ids: [] }] }, 'A PersonUpdate for a new Person should have 1 or more new_record_ids'],
        [{ person_updates: [update(first, a), update(first, b)] }, 'The same Person UUID cannot exist in more than one PersonUpdate'],
        [{ person_updates: [update(first, a), update(second, a)] },
            `A PersonRecord ID cannot exist in more than PersonUpdate. PersonRecord ID: ${a}`],
        [{ person_updates: [update(first, a, a)] }, `A PersonRecord ID cannot exist twice in the same PersonUpdate. PersonRecord ID: ${a}`],
        [{ person_updates: [update(stranger)] }, 'Specified Person UUID must be related to PotentialMatch'],
        [{ person_updates: [update(first, a, stranger.records[0].id)] },
            'PersonRecord IDs specified in new_person_record_ids must be related to PotentialMatch'],
        [{ person_updates: [update(first)] }, 'PersonRecord IDs that are removed from a Person, must be added to another Person'],
        [{ person_updates: [update(first, a, b)] }, 'PersonRecord IDs that are added to a Person, must be removed from another Person'],
        [{ person_updates: [update({ ...first, version: 99 }, a, b), update(second)] }, 'Invalid Person UUID or version outdated'],
    ];
    for (const [more, message] of cases) {
        assert.deepEqual(await decide(more), [message]);
    }
    await api.post('/matches', merge(match));
    assert.deepEqual(await decide({}), ['Potential match has already been matched']);
    assert.deepEqual(await api.faults('POST', '/matches', { json: {} }),
        ['potential_match_id', 'potential_match_version', 'person_updates'].map((field) => `${field}: This field is required.`));
    assert.deepEqual(await api.faults('POST', '/matches', { json: { ...merge(match), potential_match_id: 'p_1', x: 1,
        person_updates: 'x', comments: [{}] } }), ['x: Unexpected field', 'potential_match_id: Invalid PotentialMatch ID',
        'person_updates: Expected a list of items but got type "str".', 'comments.0.person_record_id: This field is required.',
        'comments.0.comment: This field is required.']);
});

test('of twenty who decide one version at once, exactly one does', async () => {
    const match = await makeMatch(2);
    const [first, second] = match.persons;
    const swapped = { ...merge(match), person_updates: [
        { id: first.id, version: first.version, new_person_record_ids: [second.records[0].id] },
        { id: second.id, version: second.version, new_person_record_ids: [first.records[0].id] }] };
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) =>
        api.call('POST', '/matches', { role: i % 2 === 0 ? 'member' : 'admin', json: i % 2 === 0 ? merge(match) : swapped })));
    const good = answers.filter(({ status }) => status === 200);
    assert.equal(good.length, 1);
    const messages = answers.filter(({ status }) => status !== 200).map(({ status, json }) => [status, json.error.details?.[0].message]);
    messages.forEach(([status, message]) => {
        assert.equal(status, 400);
        assert.match(message, /^Potential match has already been matched$|^Potential match version is outdated$/);
    });
    assert.equal(api.sql(`select count(*) as n from empi.match_event where type = 'manual-match' and
        id >= ${good[0].json.match_event_id.slice(3)}`)[0].n, '1');
});

test('fault_14_a_decision_while_a_job_updates_matches_is_a_conflict', async () => {
    const match = await makeMatch();
    const lock = await api.hold('select pg_advisory_xact_lock(7310475126403122)');
    const answer = await api.call('POST', '/matches', { role: 'member', json: merge(match) });
    assert.equal(answer.status, 409);
    assert.deepEqual(answer.json, { error: { message: 'A matching job is currently updating matches. Please wait until the ' +
        'job finishes to perform a match.' } });
    await lock.end();
    await api.post('/matches', merge(match));
});

test('fault_20_an_export_of_potential_matches_joins_the_crosswalk', async () => {
    const match = await makeMatch(2, (i) => ({ birth_date: '1980-02-03', first_name: i === 0 ? 'with "quotes", and\nlines' : null }));
    const answer = await api.call('POST', '/potential-matches/export', { role: 'member', json: {} });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-disposition'), /^attachment; filename="potential_matches_export_\d{8}_\d{6}\.csv"$/);
    const side = (n) => ['id', 'first_name', 'last_name', 'birth_date', 'data_source', 'source_id'].map((name) => `person${n}_${name}`);
    const rows = parseTable(answer.text);
    assert.deepEqual(Object.keys(rows[0]), ['group_id', ...side(1), ...side(2), 'match_probability']);
    const crosswalk = parseTable((await api.call('POST', '/person-records/export', { role: 'member', json: {} })).text);
    const mine = rows.filter((row) => row.group_id === match.id);
    assert.equal(mine.length, 1);
    for (const n of [1, 2]) {
        const joined = crosswalk.find((row) => row.person_id === mine[0][`person${n}_id`]);
        assert.equal(joined.source_person_id, mine[0][`person${n}_source_id`]);
        assert.equal(joined.first_name, mine[0][`person${n}_first_name`]);
    }
    const estimate = await api.post('/potential-matches/export', { estimate: true });
    assert.deepEqual(estimate, { estimated_count: rows.length, message: `Estimated ${rows.length} potential match pairs to export` });
});

test('fault_19_an_export_to_s3_is_a_job_with_an_id_like_any_other', async () => {
    const answer = await api.call('POST', '/potential-matches/export', { role: 'member', json: { s3_uri: 's3://bucket/key.csv' } });
    assert.equal(answer.status, 202);
    const { job_id: id, status, message } = answer.json;
    assert.equal(status, 'new');
    assert.equal(message, `Export job ${id} created for S3 export to s3://bucket/key.csv`);
    const { job } = await api.get(`/jobs/${id}`);
    assert.deepEqual([job.job_type, job.source_uri, job.config_id, job.status], ['export-potential-matches', 's3://bucket/key.csv', null, 'new']);
    for (const uri of ['/tmp/x', 'file:///tmp/x', 's3://B/k', 's3://b/', 'x']) {
        assert.deepEqual(await api.faults('POST', '/potential-matches/export', { json: { s3_uri: uri } }), ['s3_uri: Invalid S3 URI']);
    }
    assert.deepEqual(await api.faults('POST', '/potential-matches/export', { json: { estimate: 'perhaps', y: 1 } }),
        ['y: Unexpected field', 'estimate: Must be a valid boolean.']);
});

test('a group that one rule has chained together is told in part, and says so', async () => {
    const match = await makeMatch();
    const [row] = api.sql('select max(id) as job from empi.job');
    // More results than anybody reads, between the two records that are there.
    api.sql(`insert into empi.prediction_result (job_id, match_group_id, match_weight, match_probability,
            person_record_l_id, person_record_r_id, levels)
        select ${row.job}, ${match.id.slice(3)}, 0, 0.5, l.id, r.id, '{1,1,1}'
        from (values (${match.results[0].person_record_l_id.slice(3)})) as l (id),
            (values (${match.results[0].person_record_r_id.slice(3)})) as r (id), generate_series(1, 6000)`);
    const answer = await api.get(`/potential-matches/${match.id}`);
    assert.equal(answer.potential_match.results.length, 5000);
    assert.deepEqual(answer.metadata, { total_persons: 2, total_records: 2, total_results: 6001, returned_results: 5000 });
    api.sql(`delete from empi.prediction_result where match_probability = 0.5 and match_group_id = ${match.id.slice(3)}`);
});
