-- Who is in which open group. Where it is only joined, by way of all records and results of a person,
-- a search for potential matches has to look through what most of its persons are not in.

-- No job and no steward changes groups meanwhile: LOCK_MATCHING_JOB and LOCK_MATCH_UPDATE of
-- empi/locks.h, in a job's order.
select pg_advisory_xact_lock(7310475126403121);
select pg_advisory_xact_lock(7310475126403122);

create table empi.open_match_person (
    person_id bigint not null,
    match_group_id bigint not null,
    max_match_probability double precision not null
);
insert into empi.open_match_person (person_id, match_group_id, max_match_probability)
select distinct r.person_id, g.id, g.max_match_probability
from empi.match_group g
join empi.prediction_result e on e.match_group_id = g.id
cross join lateral (
    values (e.person_record_l_id), (e.person_record_r_id)
) as named (record_id)
join empi.person_record r on r.id = named.record_id
where g.matched is null
    and g.deleted is null
order by 1;
alter table empi.open_match_person
    add constraint open_match_person_pk primary key (person_id)
        include (match_group_id, max_match_probability),
    add constraint open_match_person_person_fk foreign key (person_id) references empi.person (id),
    add constraint open_match_person_group_fk foreign key (match_group_id)
        references empi.match_group (id);
create index open_match_person_group on empi.open_match_person (match_group_id);
analyze empi.open_match_person;
comment on table empi.open_match_person is 'The persons of the open match groups: those that own a record of one of its results. A person is in one open group at most, for groups that share a person are joined';
comment on column empi.open_match_person.max_match_probability is 'The group''s, by which pages are sorted';

-- now() is when the transaction began: a job, whose events come after hours, may get ids after those
-- of stewards who decided meanwhile, and dated them before.
alter table empi.match_event
    alter column created set default clock_timestamp();
