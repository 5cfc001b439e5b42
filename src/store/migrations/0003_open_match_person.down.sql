alter table empi.match_event
    alter column created set default now();
drop table empi.open_match_person;
