-- No job writes names meanwhile: LOCK_MATCHING_JOB of empi/locks.h.
select pg_advisory_xact_lock(7310475126403121);

alter table empi.search_first_name
    drop column folded,
    add column folded text not null generated always as (lower(value collate "und-x-icu")) stored;
create index search_first_name_folded on empi.search_first_name using gin (folded public.gin_trgm_ops);
comment on column empi.search_first_name.folded is 'In lower case, whatever the database''s locale knows of letters';

alter table empi.search_last_name
    drop column folded,
    add column folded text not null generated always as (lower(value collate "und-x-icu")) stored;
create index search_last_name_folded on empi.search_last_name using gin (folded public.gin_trgm_ops);
comment on column empi.search_last_name.folded is 'In lower case, whatever the database''s locale knows of letters';

alter table empi.search_birth_date
    drop column folded,
    add column folded text not null generated always as (lower(value collate "und-x-icu")) stored;
create index search_birth_date_folded on empi.search_birth_date using gin (folded public.gin_trgm_ops);
comment on column empi.search_birth_date.folded is 'In lower case, whatever the database''s locale knows of letters';

drop function empi.folded(text);
