-- What a reader takes for the same letters is the same to a search: é as one character or as two, a
-- small sigma within a word and at its end (which lower() tells apart by what stands around it), ß, ẞ
-- and SS.

-- No job writes names meanwhile: LOCK_MATCHING_JOB of empi/locks.h.
select pg_advisory_xact_lock(7310475126403121);

create function empi.folded(value text) returns text
    language sql immutable strict parallel safe
    return normalize(upper(lower(normalize(value) collate "und-x-icu") collate "und-x-icu"));
comment on function empi.folded(text) is 'A text, or a pattern of LIKE, as searches compare it, whatever the database''s locale knows of letters';

alter table empi.search_first_name
    drop column folded,
    add column folded text not null generated always as (empi.folded(value)) stored;
create index search_first_name_folded on empi.search_first_name using gin (folded public.gin_trgm_ops);
comment on column empi.search_first_name.folded is 'As searches compare it';

alter table empi.search_last_name
    drop column folded,
    add column folded text not null generated always as (empi.folded(value)) stored;
create index search_last_name_folded on empi.search_last_name using gin (folded public.gin_trgm_ops);
comment on column empi.search_last_name.folded is 'As searches compare it';

alter table empi.search_birth_date
    drop column folded,
    add column folded text not null generated always as (empi.folded(value)) stored;
create index search_birth_date_folded on empi.search_birth_date using gin (folded public.gin_trgm_ops);
comment on column empi.search_birth_date.folded is 'As searches compare it';
