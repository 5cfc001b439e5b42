-- A large index, made in SQL: psql -v persons=1000000 -v model='{…}' -f large-index.sql
--
-- As many persons as asked for, every tenth with a second record, an open group for every two, and a note
-- on every second record.
-- Names have the skew of real ones; all follows from the number of the person. The model needs two
-- comparisons of at least two levels. Foreign keys are not checked, which takes most of the time.
-- The index must be empty, and the user a superuser.

\set ON_ERROR_STOP on
set session_replication_role = replica;
set search_path = empi, public;
set work_mem = '256MB';
set maintenance_work_mem = '512MB';
set synchronous_commit = off;

-- Indexes are made after the rows, at a third of the cost.
create temporary table index_of as
select indexdef, format('drop index %I.%I', schemaname, indexname) as removal
from pg_indexes
where schemaname = 'empi'
    and tablename in ('person', 'person_record', 'person_record_note', 'person_action', 'match_group',
        'prediction_result', 'open_match_person')
    and indexname not in (
        select conname
        from pg_constraint
    );
select removal
from index_of \gexec

insert into config (splink_settings, potential_match_threshold, auto_match_threshold)
values (:'model', 0.5, 1);
insert into job (job_type, status, config_id)
values ('import-person-records', 'succeeded', 1);

create temporary table made as
with number as (
    select id, hashint8extended(id, 1) as first, hashint8extended(id, 2) as last, hashint8extended(id, 3) as day
    from generate_series(1, :persons) as id
), rank as (
    -- Uniform in the logarithm: a few names are common, most are rare.
    select id,
        floor(exp(ln(30000) * (first & 1048575) / 1048576.0))::integer as first,
        floor(exp(ln(60000) * (last & 1048575) / 1048576.0))::integer as last,
        date '1930-01-01' + (day & 32767)::integer as day
    from number
), syllable as (
    -- A consonant and a vowel: 128 of them.
    select array_agg(substr('bdfghklmnprstvwz', 1 + i % 16, 1) || substr('aeiouäöü', 1 + i / 16, 1) order by i) as of
    from generate_series(0, 127) as i
)
select r.id,
    s.of[1 + r.first % 128] || s.of[1 + r.first * 31 / 128 % 128] || 'n' as first_name,
    s.of[1 + r.last * 7 % 128] || s.of[1 + r.last / 128 % 128] || s.of[1 + r.last / 16 % 128] || 'r' as last_name,
    to_char(r.day, 'YYYY-MM-DD') as birth_date,
    (array['cerner', 'epic', 'lab', 'pharmacy'])[1 + r.id % 4] as data_source
from rank r
cross join syllable s;

insert into person (id, record_count, first_record_id, last_name, first_name, data_sources)
overriding system value
select id, case when id % 10 = 0 then 2 else 1 end, id, last_name, first_name, array[data_source]
from made
order by id;

insert into person_record (id, job_id, person_id, sha256, data_source, source_person_id, first_name, last_name,
    birth_date)
overriding system value
select id, 1, person_id, sha256(id::text::bytea), data_source, 'mrn-' || id, first_name, last_name, birth_date
from (
    select id, id as person_id, data_source, first_name, last_name, birth_date
    from made
    union all
    select :persons + id / 10, id, data_source, left(first_name, 2), last_name, birth_date
    from made
    where id % 10 = 0
) as record
order by id;

insert into match_event (type, job_id)
values ('new-ids', 1);
insert into person_action (match_event_id, person_id, person_record_id, type)
select 1, person_id, id, 'add-record'
from person_record
order by id;

insert into person_record_note (person_record_id, match_event_id, note)
select id, 1, 'note ' || id
from person_record
where id % 2 = 0
order by id;

insert into match_group (id, job_id, max_match_probability)
overriding system value
select id / 2, 1, 0.5 + (hashint8extended(id, 4) & 65535) / 131072.0
from made
where id % 2 = 0
order by id;

insert into prediction_result (id, job_id, match_group_id, match_weight, match_probability,
    person_record_l_id, person_record_r_id, levels)
overriding system value
select id, 1, id, log(2, (max_match_probability / (1 - max_match_probability))::numeric), max_match_probability,
    2 * id - 1, 2 * id, '{1,1}'
from match_group
order by id;

insert into open_match_person (person_id, match_group_id, max_match_probability)
select person_id, id, max_match_probability
from match_group
cross join lateral (
    values (2 * id - 1), (2 * id)
) as member (person_id)
order by person_id;

insert into search_first_name (value, records)
select first_name, count(*) from person_record group by 1 order by 1;
insert into search_last_name (value, records)
select last_name, count(*) from person_record group by 1 order by 1;
insert into search_birth_date (value, records)
select birth_date, count(*) from person_record group by 1 order by 1;
insert into search_data_source (value, records)
select data_source, count(*) from person_record group by 1 order by 1;
insert into list_count (persons, open_groups)
select (select count(*) from person), (select count(*) from match_group);

select indexdef
from index_of \gexec

vacuum analyze;
