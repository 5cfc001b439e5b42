-- The index: person records, the persons that own them, and every event that led to the present.
--
-- Current state (who owns a record, which results a group holds) stands in columns; how it came
-- about stands in events and actions, which are only ever appended. Replaying the actions in the
-- order of their ids from empty gives exactly the current state.

-- Searching for a part of a name without reading every record. A trusted extension: the owner of the
-- database may make it. Going down leaves it, for others may use it.
create extension if not exists pg_trgm with schema public;

create table empi.app_user (
    id bigint generated always as identity,
    created timestamptz not null default now(),
    updated timestamptz not null default now(),
    idp_user_id text not null,
    email text not null default '',
    role text,
    constraint app_user_pk primary key (id),
    constraint app_user_idp_user_id_unique unique (idp_user_id),
    constraint app_user_role_check check (role in ('admin', 'member'))
);
comment on table empi.app_user is 'People who may use the index; identities come from the identity provider';
comment on column empi.app_user.idp_user_id is 'Subject of the identity provider''s tokens';
comment on column empi.app_user.email is 'As the provider last told it; empty when it has none or no longer knows the user';
comment on column empi.app_user.role is 'admin, member, or null for no access';

create table empi.local_password (
    user_id bigint not null,
    name text not null,
    hash text not null,
    one_time boolean not null,
    changed timestamptz not null default now(),
    constraint local_password_pk primary key (user_id),
    constraint local_password_user_fk foreign key (user_id) references empi.app_user (id)
);
create unique index local_password_name on empi.local_password (lower(name collate "und-x-icu"));
comment on table empi.local_password is 'Users of the local provider: those who sign in with a password of ours';
comment on column empi.local_password.name is 'What they sign in with, often an e-mail address; unique whatever the case of its letters';
comment on column empi.local_password.hash is 'Argon2id with its parameters and salt, as libsodium writes it';
comment on column empi.local_password.one_time is 'It was given by somebody else, and opens nothing until it is changed';
comment on column empi.local_password.changed is 'Sessions and tokens from before are void';

create table empi.session (
    id bytea not null,
    user_id bigint not null,
    created timestamptz not null default now(),
    used timestamptz not null default now(),
    ends timestamptz not null,
    constraint session_pk primary key (id),
    constraint session_user_fk foreign key (user_id) references empi.app_user (id),
    constraint session_id_check check (octet_length(id) = 32)
);
create index session_of_user on empi.session (user_id);
create index session_ends on empi.session (ends);
comment on table empi.session is 'Who is signed in with a cookie; without its row a cookie is void';
comment on column empi.session.id is 'SHA-256 of the id in the cookie, so that who reads this table can make no cookie';
comment on column empi.session.used is 'The last request, to the minute';
comment on column empi.session.ends is 'When it ends even while it is used';

create table empi.secret (
    name text not null,
    created timestamptz not null default now(),
    value bytea not null,
    constraint secret_pk primary key (name)
);
comment on table empi.secret is 'Random keys of this installation, made when they are first needed; deleting one voids what it has signed';
comment on column empi.secret.name is 'cookies, or local-issuer: the seed of its Ed25519 key';

create table empi.config (
    id bigint generated always as identity,
    created timestamptz not null default now(),
    splink_settings json not null,
    potential_match_threshold double precision not null,
    auto_match_threshold double precision not null,
    constraint config_pk primary key (id),
    constraint config_potential_check check (potential_match_threshold between 0 and 1),
    constraint config_auto_check check (auto_match_threshold between 0 and 1),
    constraint config_order_check check (potential_match_threshold <= auto_match_threshold)
);
comment on table empi.config is 'Matching configurations: a linkage model and its two thresholds; immutable';
comment on column empi.config.splink_settings is 'The model as it was posted, key order kept';
comment on column empi.config.potential_match_threshold is 'Pairs strictly above it become results';
comment on column empi.config.auto_match_threshold is 'Pairs strictly above it merge persons';

create table empi.job (
    id bigint generated always as identity,
    created timestamptz not null default now(),
    updated timestamptz not null default now(),
    job_type text not null,
    status text not null default 'new',
    reason text,
    config_id bigint,
    source_uri text,
    attempts integer not null default 0,
    phase text,
    progress_done bigint,
    progress_total bigint,
    metadata json,
    constraint job_pk primary key (id),
    constraint job_config_fk foreign key (config_id) references empi.config (id),
    constraint job_type_check check (job_type in ('import-person-records', 'export-potential-matches')),
    constraint job_status_check check (status in ('new', 'running', 'succeeded', 'failed')),
    constraint job_attempts_check check (attempts >= 0)
);
create index job_open on empi.job (job_type, id) where status in ('new', 'running');
comment on table empi.job is 'Work to do and work done, in the order of ids';
comment on column empi.job.reason is 'Why a failed job failed';
comment on column empi.job.source_uri is 'Where its records come from, or where its export goes';
comment on column empi.job.attempts is 'Runners started for it; one that dies three times without an answer fails the job';
comment on column empi.job.phase is 'What its runner is doing, for people; written outside the job''s transaction';
comment on column empi.job.progress_done is 'Units done of the phase';
comment on column empi.job.progress_total is 'Units of the phase altogether; null when unknown';
comment on column empi.job.metadata is 'Further parameters of the job';

create table empi.person_record_staging (
    id bigint generated always as identity,
    job_id bigint not null,
    sha256 bytea not null,
    data_source text not null,
    source_person_id text not null,
    first_name text,
    last_name text,
    sex text,
    race text,
    birth_date text,
    death_date text,
    social_security_number text,
    address text,
    city text,
    state text,
    zip_code text,
    county text,
    phone text,
    constraint person_record_staging_pk primary key (id)
);
create index person_record_staging_job on empi.person_record_staging (job_id, id);
comment on table empi.person_record_staging is 'Rows of imported files until their job has run, in file order';
comment on column empi.person_record_staging.job_id is 'The job that was made in the same transaction; no foreign key, for each row of a file would look it up';
comment on column empi.person_record_staging.sha256 is 'Becomes that of the record';

create table empi.person (
    id bigint generated always as identity,
    uuid uuid not null default gen_random_uuid(),
    created timestamptz not null default now(),
    updated timestamptz not null default now(),
    version bigint not null default 1,
    record_count integer not null,
    deleted timestamptz,
    first_record_id bigint,
    last_name text,
    first_name text,
    data_sources text[] not null default '{}',
    constraint person_pk primary key (id),
    constraint person_uuid_unique unique (uuid),
    constraint person_version_check check (version >= 1),
    constraint person_record_count_check check (record_count >= 0),
    constraint person_deleted_check check ((deleted is not null) = (record_count = 0))
);
create index person_list on empi.person (last_name, first_name, id) where deleted is null;
comment on table empi.person is 'Identities; the uuid is the universal id';
comment on column empi.person.version is 'Rises by one with every event that changes the person''s records';
comment on column empi.person.record_count is 'Records it owns now';
comment on column empi.person.deleted is 'When it was emptied';
comment on column empi.person.first_record_id is 'Its lowest-numbered record, whose names stand for the person in lists';
comment on column empi.person.last_name is 'Last name of that record';
comment on column empi.person.first_name is 'First name of that record';
comment on column empi.person.data_sources is 'Distinct data sources of its records, sorted';

create table empi.person_record (
    id bigint generated always as identity,
    created timestamptz not null default now(),
    job_id bigint not null,
    person_id bigint not null,
    person_updated timestamptz not null default now(),
    matched_or_reviewed timestamptz,
    sha256 bytea not null,
    data_source text not null,
    source_person_id text not null,
    first_name text,
    last_name text,
    sex text,
    race text,
    birth_date text,
    death_date text,
    social_security_number text,
    address text,
    city text,
    state text,
    zip_code text,
    county text,
    phone text,
    constraint person_record_pk primary key (id),
    constraint person_record_job_fk foreign key (job_id) references empi.job (id),
    constraint person_record_person_fk foreign key (person_id) references empi.person (id),
    constraint person_record_sha256_unique unique (sha256),
    constraint person_record_sha256_check check (octet_length(sha256) = 32)
);
create index person_record_person on empi.person_record (person_id, id);
-- Each with the person, so that a search by it alone never looks at the table.
create index person_record_data_source on empi.person_record (data_source, person_id);
create index person_record_source_person_id on empi.person_record (source_person_id text_pattern_ops, person_id);
create index person_record_first_name on empi.person_record (first_name, person_id);
create index person_record_last_name on empi.person_record (last_name, person_id);
create index person_record_birth_date on empi.person_record (birth_date, person_id);
comment on table empi.person_record is 'One row of one source''s demographics, immutable but for the person it belongs to';
comment on column empi.person_record.job_id is 'The import that brought it';
comment on column empi.person_record.person_id is 'The person that owns it now';
comment on column empi.person_record.person_updated is 'When it came to that person';
comment on column empi.person_record.matched_or_reviewed is 'When a match or a steward last confirmed where it belongs';
comment on column empi.person_record.sha256 is 'Of an unambiguous encoding of the fifteen columns: equal rows are imported once';

-- Parts of names and dates are searched for among the distinct ones, which are a twentieth of the
-- records: their trigrams cost little to keep, and a search reads no record that does not match.
create table empi.search_first_name (
    value text not null,
    folded text not null generated always as (lower(value collate "und-x-icu")) stored,
    records bigint not null,
    constraint search_first_name_pk primary key (value)
);
create index search_first_name_folded on empi.search_first_name using gin (folded public.gin_trgm_ops);
comment on table empi.search_first_name is 'All first names that records hold';
comment on column empi.search_first_name.folded is 'In lower case, whatever the database''s locale knows of letters';
comment on column empi.search_first_name.records is 'Records that hold it';

create table empi.search_last_name (
    value text not null,
    folded text not null generated always as (lower(value collate "und-x-icu")) stored,
    records bigint not null,
    constraint search_last_name_pk primary key (value)
);
create index search_last_name_folded on empi.search_last_name using gin (folded public.gin_trgm_ops);
comment on table empi.search_last_name is 'All last names that records hold';
comment on column empi.search_last_name.folded is 'In lower case, whatever the database''s locale knows of letters';
comment on column empi.search_last_name.records is 'Records that hold it';

create table empi.search_birth_date (
    value text not null,
    folded text not null generated always as (lower(value collate "und-x-icu")) stored,
    records bigint not null,
    constraint search_birth_date_pk primary key (value)
);
create index search_birth_date_folded on empi.search_birth_date using gin (folded public.gin_trgm_ops);
comment on table empi.search_birth_date is 'All birth dates that records hold';
comment on column empi.search_birth_date.folded is 'In lower case, whatever the database''s locale knows of letters';
comment on column empi.search_birth_date.records is 'Records that hold it';

create table empi.search_data_source (
    value text not null,
    records bigint not null,
    constraint search_data_source_pk primary key (value)
);
comment on table empi.search_data_source is 'All data sources that records come from';
comment on column empi.search_data_source.records is 'Records that come from it';

create table empi.person_record_note (
    id bigint generated always as identity,
    created timestamptz not null default now(),
    person_record_id bigint not null,
    match_event_id bigint,
    author_id bigint,
    note text not null,
    constraint person_record_note_pk primary key (id),
    constraint person_record_note_record_fk foreign key (person_record_id) references empi.person_record (id),
    constraint person_record_note_author_fk foreign key (author_id) references empi.app_user (id)
);
create index person_record_note_record on empi.person_record_note (person_record_id, id);
comment on table empi.person_record_note is 'Stewards'' comments on records';
comment on column empi.person_record_note.match_event_id is 'The decision it was made with';
comment on column empi.person_record_note.author_id is 'Who wrote it; null when written from the command line';

create table empi.match_event (
    id bigint generated always as identity,
    created timestamptz not null default now(),
    type text not null,
    job_id bigint,
    user_id bigint,
    constraint match_event_pk primary key (id),
    constraint match_event_type_check check (type in ('new-ids', 'auto-matches', 'manual-match', 'person-split')),
    constraint match_event_job_fk foreign key (job_id) references empi.job (id),
    constraint match_event_user_fk foreign key (user_id) references empi.app_user (id)
);
create index match_event_job on empi.match_event (job_id) where job_id is not null;
comment on table empi.match_event is 'What happened to persons and match groups, in the order of ids; append-only';
comment on column empi.match_event.job_id is 'The job that did it; null for a person''s decision';
comment on column empi.match_event.user_id is 'Who decided; null for a job or the command line';
alter table empi.person_record_note
    add constraint person_record_note_event_fk foreign key (match_event_id) references empi.match_event (id);

create table empi.match_group (
    id bigint generated always as identity,
    uuid uuid not null default gen_random_uuid(),
    created timestamptz not null default now(),
    updated timestamptz not null default now(),
    version bigint not null default 1,
    job_id bigint not null,
    matched timestamptz,
    deleted timestamptz,
    max_match_probability double precision,
    constraint match_group_pk primary key (id),
    constraint match_group_uuid_unique unique (uuid),
    constraint match_group_job_fk foreign key (job_id) references empi.job (id),
    constraint match_group_version_check check (version >= 1),
    constraint match_group_end_check check (matched is null or deleted is null)
);
create index match_group_open on empi.match_group (max_match_probability desc, id)
    where matched is null and deleted is null;
comment on table empi.match_group is 'Connected sets of results and persons; open ones are the potential matches';
comment on column empi.match_group.job_id is 'The job that made it';
comment on column empi.match_group.matched is 'When all its persons became one, or a steward decided it';
comment on column empi.match_group.deleted is 'When another group took its results over';
comment on column empi.match_group.max_match_probability is 'Of its results; null when it holds none any more';

create table empi.list_count (
    id bigint generated always as identity,
    persons bigint not null,
    open_groups bigint not null,
    constraint list_count_pk primary key (id)
);
comment on table empi.list_count is 'How many there are in lists: the sum of all rows. An event appends its change, so that none waits for another; a matching job makes one row of them';
comment on column empi.list_count.persons is 'Change of the number of persons that are not deleted';
comment on column empi.list_count.open_groups is 'Change of the number of match groups that are neither matched nor deleted';

create table empi.prediction_result (
    id bigint generated always as identity,
    created timestamptz not null default now(),
    job_id bigint not null,
    match_group_id bigint not null,
    match_weight double precision not null,
    match_probability double precision not null,
    person_record_l_id bigint not null,
    person_record_r_id bigint not null,
    levels smallint[] not null,
    constraint prediction_result_pk primary key (id),
    constraint prediction_result_job_fk foreign key (job_id) references empi.job (id),
    constraint prediction_result_group_fk foreign key (match_group_id) references empi.match_group (id),
    constraint prediction_result_l_fk foreign key (person_record_l_id) references empi.person_record (id),
    constraint prediction_result_r_fk foreign key (person_record_r_id) references empi.person_record (id),
    constraint prediction_result_order_check check (person_record_l_id < person_record_r_id)
);
create index prediction_result_group on empi.prediction_result (match_group_id, match_probability desc);
create index prediction_result_l on empi.prediction_result (person_record_l_id);
create index prediction_result_r on empi.prediction_result (person_record_r_id);
comment on table empi.prediction_result is 'Pairs of records that a job scored above its potential threshold';
comment on column empi.prediction_result.match_group_id is 'The group that holds it now';
comment on column empi.prediction_result.levels is 'By comparison of the job''s model: position of the level reached; the evidence that explanations are made of';

create table empi.person_action (
    id bigint generated always as identity,
    match_event_id bigint not null,
    match_group_id bigint,
    person_id bigint not null,
    person_record_id bigint not null,
    type text not null,
    constraint person_action_pk primary key (id),
    constraint person_action_type_check check (type in ('add-record', 'remove-record', 'review')),
    constraint person_action_event_fk foreign key (match_event_id) references empi.match_event (id),
    constraint person_action_group_fk foreign key (match_group_id) references empi.match_group (id),
    constraint person_action_person_fk foreign key (person_id) references empi.person (id),
    constraint person_action_record_fk foreign key (person_record_id) references empi.person_record (id)
);
create index person_action_event on empi.person_action (match_event_id, id);
create index person_action_person on empi.person_action (person_id, id);
create index person_action_record on empi.person_action (person_record_id, id);
comment on table empi.person_action is 'What an event did to persons, record by record; append-only';

create table empi.match_group_action (
    id bigint generated always as identity,
    match_event_id bigint not null,
    match_group_id bigint not null,
    prediction_result_id bigint,
    person_id bigint,
    type text not null,
    constraint match_group_action_pk primary key (id),
    constraint match_group_action_type_check check (type in ('add-result', 'remove-result', 'update-person', 'match')),
    constraint match_group_action_event_fk foreign key (match_event_id) references empi.match_event (id),
    constraint match_group_action_group_fk foreign key (match_group_id) references empi.match_group (id),
    constraint match_group_action_result_fk foreign key (prediction_result_id) references empi.prediction_result (id),
    constraint match_group_action_person_fk foreign key (person_id) references empi.person (id)
);
create index match_group_action_event on empi.match_group_action (match_event_id, id);
create index match_group_action_group on empi.match_group_action (match_group_id, id);
comment on table empi.match_group_action is 'What an event did to match groups; append-only';

create table empi.manual_decision (
    match_event_id bigint not null,
    person_record_id bigint not null,
    person_id bigint not null,
    constraint manual_decision_pk primary key (person_record_id, match_event_id),
    constraint manual_decision_event_fk foreign key (match_event_id) references empi.match_event (id),
    constraint manual_decision_record_fk foreign key (person_record_id) references empi.person_record (id),
    constraint manual_decision_person_fk foreign key (person_id) references empi.person (id)
);
create index manual_decision_event on empi.manual_decision (match_event_id);
comment on table empi.manual_decision is 'Where a steward put each record of a group: records put into different persons are kept apart by later jobs, until a later decision names both';
