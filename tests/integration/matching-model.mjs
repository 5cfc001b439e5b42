// The matching job and the manual match as the specification has them, on plain objects: what the
// random test holds the program against. Written for reading, from the text alone; nothing here is
// clever, and nothing is taken over from the program.

import { columns } from './index-support.mjs';

// ---- scores ----

/** One comparison: levels beside the null level, each a test of two values, with m and u. */
const comparisons = [
    { column: 'phone', levels: [[(a, b) => a === b, 0.93, 0.0013], [() => true, 0.07, 0.9987]] },
    { column: 'social_security_number', levels: [[(a, b) => a === b, 0.97, 0.00011], [() => true, 0.03, 0.99989]] },
    {
        column: 'last_name',
        levels: [[(a, b) => a === b, 0.81, 0.017], [(a, b) => a[0] === b[0], 0.11, 0.061], [() => true, 0.08, 0.922]],
    },
    { column: 'birth_date', levels: [[(a, b) => a === b, 0.87, 0.0029], [() => true, 0.13, 0.9971]] },
];

const rules = [['phone'], ['social_security_number'], ['last_name', 'birth_date']];
const prior = 0.003;

/** The same as a Splink model. With `frequencies`, a rare last name counts for more. */
export function splinkModel({ frequencies }) {
    const conditions = {
        2: (column) => [`${column}_l = ${column}_r`, 'ELSE'],
        3: (column) => [`${column}_l = ${column}_r`, `substr(${column}_l, 1, 1) = substr(${column}_r, 1, 1)`, 'ELSE'],
    };
    return {
        link_type: 'dedupe_only',
        probability_two_random_records_match: prior,
        blocking_rules_to_generate_predictions:
            rules.map((rule) => rule.map((column) => `l.${column} = r.${column}`).join(' AND ')),
        comparisons: comparisons.map(({ column, levels }) => ({
            output_column_name: column,
            comparison_levels: [
                { sql_condition: `${column}_l IS NULL OR ${column}_r IS NULL`, is_null_level: true },
                ...levels.map(([, m, u], i) => ({
                    sql_condition: conditions[levels.length](column)[i],
                    m_probability: m,
                    u_probability: u,
                    ...(frequencies && column === 'last_name' && i === 0
                        ? { tf_adjustment_column: column, tf_adjustment_weight: 1 } : {}),
                })),
            ],
        })),
    };
}

const missing = (value) => value === null || value === '';

/** The weight of a pair; `share` gives a last name's frequency, or is null. */
export function pairWeight(left, right, share) {
    let weight = Math.log2(prior / (1 - prior));
    for (const { column, levels } of comparisons) {
        const [a, b] = [left[column], right[column]];
        if (missing(a) || missing(b)) {
            continue;
        }
        const at = levels.findIndex(([test]) => test(a, b));
        const [, m, u] = levels[at];
        weight += Math.log2(m / u);
        if (share !== null && column === 'last_name' && at === 0) {
            weight += Math.log2(u / share(a));
        }
    }
    return weight;
}

export const probabilityOf = (weight) => 1 / (1 + 2 ** -weight);

/** Under which values a record is found; none where one of a rule's values is missing. */
const blockingKeys = (values) => rules.filter((rule) => !rule.some((column) => missing(values[column])))
    .map((rule) => JSON.stringify(rule.map((column) => [column, values[column]])));

const rowKey = (values) => JSON.stringify(columns.map((name) => values[name]));

function push(map, key, value) {
    const list = map.get(key);
    if (list === undefined) {
        map.set(key, [value]);
    } else {
        list.push(value);
    }
}

// ---- the index ----

/** What the database should hold. Ids are the program's own: it tells them, they are not foretold. */
export class Model {
    records = new Map(); // id → {id, values, person, results: of open groups}
    persons = new Map(); // id → {id, uuid, version, born, records: Set of ids}
    groups = new Map(); // id → {id, version, state, results: Set}
    results = new Set(); // {left, right, weight, group, config}
    decisions = new Map(); // record id → [{event, person}], oldest first
    #rows = new Set();
    #blocks = new Map(); // blocking key → record ids
    #lastNames = new Map(); // last name → how many records
    #named = 0; // records with a last name
    #clock = 0;

    /** Step 1: the rows of a file that are new, in its order. */
    stage(rows) {
        const fresh = new Map(rows.map((row) => [rowKey(row), row]));
        return [...fresh.entries()].filter(([key]) => !this.#rows.has(key)).map(([, row]) => row);
    }

    /** Step 2: `ids` are those of the records and persons that the program made, row by row. */
    addRecords(rows, ids) {
        const born = ++this.#clock;
        rows.forEach((values, i) => {
            const { record: id, person, uuid } = ids[i];
            this.records.set(id, { id, values, person, results: new Set() });
            this.persons.set(person, { id: person, uuid, version: 1, born, records: new Set([id]) });
            this.#rows.add(rowKey(values));
            if (!missing(values.last_name)) {
                this.#lastNames.set(values.last_name, (this.#lastNames.get(values.last_name) ?? 0) + 1);
                this.#named++;
            }
        });
    }

    /** Step 3: pairs above the potential threshold with at least one of the new records. */
    predict(ids, config) {
        const share = config.frequencies ? (name) => this.#lastNames.get(name) / this.#named : null;
        const pairs = [];
        for (const id of ids) {
            const { values } = this.records.get(id);
            const keys = blockingKeys(values);
            const others = new Set(keys.flatMap((key) => this.#blocks.get(key) ?? []));
            for (const left of others) {
                const weight = pairWeight(this.records.get(left).values, values, share);
                if (probabilityOf(weight) > config.potential) {
                    pairs.push({ left, right: id, weight, group: null, config });
                }
            }
            keys.forEach((key) => push(this.#blocks, key, id));
        }
        return pairs;
    }

    /** The persons that a new result reaches, over open results and the persons that own records. */
    #components(pairs) {
        const byRecord = new Map();
        for (const pair of pairs) {
            push(byRecord, pair.left, pair);
            push(byRecord, pair.right, pair);
        }
        const seen = new Set();
        const components = [];
        for (const pair of pairs) {
            const start = this.records.get(pair.left).person;
            if (seen.has(start)) {
                continue;
            }
            const component = { persons: [], results: new Set() };
            const waiting = [start];
            seen.add(start);
            while (waiting.length > 0) {
                const person = waiting.pop();
                component.persons.push(person);
                for (const record of this.persons.get(person).records) {
                    for (const result of [...this.records.get(record).results, ...(byRecord.get(record) ?? [])]) {
                        component.results.add(result);
                        for (const end of [result.left, result.right].map((id) => this.records.get(id).person)) {
                            if (!seen.has(end)) {
                                seen.add(end);
                                waiting.push(end);
                            }
                        }
                    }
                }
            }
            components.push(component);
        }
        return components;
    }

    /** Whether the latest decision that names a record of both put them into different persons. */
    #keptApart(left, right) {
        let latest = 0;
        let apart = false;
        for (const a of left.flatMap((id) => this.decisions.get(id) ?? [])) {
            for (const b of right.flatMap((id) => this.decisions.get(id) ?? [])) {
                if (a.event === b.event && a.event >= latest) {
                    apart = (a.event === latest && apart) || a.person !== b.person;
                    latest = a.event;
                }
            }
        }
        return apart;
    }

    /** Which sets of a component's persons become one: lists of ids, the one that goes on first. */
    #merge({ persons, results }, config) {
        const sets = new Map(persons.map((id) => [id, { persons: [id], records: [...this.persons.get(id).records] }]));
        // A result of another model has to be above the threshold that was set for that one, too.
        const threshold = (own) => (Boolean(own.frequencies) === Boolean(config.frequencies) ? config.auto
            : Math.max(config.auto, own.auto));
        const strong = [...results].filter((result) => probabilityOf(result.weight) > threshold(result.config))
            .sort((a, b) => b.weight - a.weight || a.left - b.left || a.right - b.right);
        for (const result of strong) {
            const [a, b] = [result.left, result.right].map((id) => sets.get(this.records.get(id).person));
            if (a !== b && !this.#keptApart(a.records, b.records)) {
                a.persons.push(...b.persons);
                a.records.push(...b.records);
                b.persons.forEach((id) => sets.set(id, a));
            }
        }
        const better = (a, b) => b.records.size - a.records.size || a.born - b.born || a.id - b.id;
        return [...new Set(sets.values())].map((set) =>
            set.persons.map((id) => this.persons.get(id)).sort(better).map(({ id }) => id));
    }

    /**
     * Steps 4 to 6. `groupOf(pair)` tells the id of the group that the program made for a new result.
     * Gives what the job should report, and which persons and groups it touched.
     */
    match(pairs, config, groupOf) {
        const outcome = { merged: 0, matched: 0, open: 0, persons: new Set(), groups: new Set() };
        for (const component of this.#components(pairs)) {
            const sets = this.#merge(component, config);
            const held = [...new Set([...component.results].map(({ group }) => group))]
                .filter((id) => id !== null).sort((a, b) => a - b);
            const group = held.length > 0 ? this.groups.get(held[0])
                : { id: groupOf([...component.results][0]), version: 0, state: 'open', results: new Set() };
            this.groups.set(group.id, group);
            group.version++;
            for (const id of held.slice(1)) {
                const other = this.groups.get(id);
                other.version++;
                other.state = 'deleted';
                other.results.clear();
            }
            [group.id, ...held].forEach((id) => outcome.groups.add(id));
            for (const result of component.results) {
                result.group = group.id;
                group.results.add(result);
                this.results.add(result);
                [result.left, result.right].forEach((id) => this.records.get(id).results.add(result));
            }
            for (const [keeps, ...rest] of sets.filter((set) => set.length > 1)) {
                for (const gives of rest) {
                    this.#move([...this.persons.get(gives).records], keeps);
                    outcome.merged++;
                }
                [keeps, ...rest].forEach((id) => {
                    this.persons.get(id).version++;
                    outcome.persons.add(id);
                });
            }
            outcome[sets.length === 1 ? 'matched' : 'open']++;
            if (sets.length === 1) {
                this.#close(group);
            }
        }
        return outcome;
    }

    #move(records, to) {
        for (const id of records) {
            const record = this.records.get(id);
            this.persons.get(record.person).records.delete(id);
            this.persons.get(to).records.add(id);
            record.person = to;
        }
    }

    #close(group) {
        group.state = 'matched';
        for (const result of group.results) {
            [result.left, result.right].forEach((id) => this.records.get(id).results.delete(result));
        }
    }

    /** The persons of a group: all that own a record which one of its results names. */
    personsOf(group) {
        return [...new Set([...group.results].flatMap(({ left, right }) => [left, right])
            .map((id) => this.records.get(id).person))].map((id) => this.persons.get(id));
    }

    /** What is against the rules of a decision that keeps those which need no database; else null. */
    refusal(request) {
        const group = this.groups.get(request.group);
        if (group === undefined) {
            return 'Potential match does not exist';
        }
        if (group.state === 'deleted') {
            return 'Potential match has been replaced';
        }
        if (group.state === 'matched') {
            return 'Potential match has already been matched';
        }
        if (group.version !== request.version) {
            return 'Potential match version is outdated';
        }
        const persons = this.personsOf(group);
        const byUuid = new Map(persons.map((person) => [person.uuid, person]));
        const updates = request.persons.filter(({ uuid }) => uuid !== undefined);
        if (updates.some(({ uuid }) => !byUuid.has(uuid))) {
            return 'Specified Person UUID must be related to PotentialMatch';
        }
        const related = new Set(persons.flatMap((person) => [...person.records]));
        const named = request.persons.flatMap(({ records }) => records);
        if (named.some((id) => !related.has(id))) {
            return 'PersonRecord IDs specified in new_person_record_ids must be related to PotentialMatch';
        }
        const updated = updates.map(({ uuid }) => byUuid.get(uuid));
        if (updated.some((person) => [...person.records].some((id) => !named.includes(id)))) {
            return 'PersonRecord IDs that are removed from a Person, must be added to another Person';
        }
        if (named.some((id) => !updated.includes(this.persons.get(this.records.get(id).person)))) {
            return 'PersonRecord IDs that are added to a Person, must be removed from another Person';
        }
        if (updates.some(({ uuid, version }) => byUuid.get(uuid).version !== version)) {
            return 'Invalid Person UUID or version outdated';
        }
        return null;
    }

    /** Carries a decision out. `newPerson(record)` tells id and uuid of the person it got into. */
    decide(request, event, newPerson) {
        const group = this.groups.get(request.group);
        const persons = this.personsOf(group);
        const touched = new Set();
        const born = ++this.#clock;
        for (const { uuid, records } of request.persons) {
            const made = uuid === undefined;
            const person = made ? { ...newPerson(records[0]), version: 1, born, records: new Set() }
                : persons.find((each) => each.uuid === uuid);
            this.persons.set(person.id, person);
            for (const id of records.filter((each) => this.records.get(each).person !== person.id)) {
                [this.records.get(id).person, person.id].forEach((each) => touched.add(each));
                this.#move([id], person.id);
            }
            if (made) {
                touched.delete(person.id);
                persons.push(person);
            }
        }
        touched.forEach((id) => this.persons.get(id).version++);
        for (const person of persons) {
            person.records.forEach((id) => push(this.decisions, id, { event, person: person.id }));
        }
        group.version++;
        this.#close(group);
        return { persons: touched, groups: new Set([group.id]) };
    }
}
