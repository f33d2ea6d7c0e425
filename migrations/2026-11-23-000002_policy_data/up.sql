-- When rules were agreed on, and what the dates of a calendar add up to.

alter table stage_policy add column applied_at timestamptz;
alter table timescale add column applied_at timestamptz;
comment on column stage_policy.applied_at is 'Of two versions with the same first day the one applied last counts; null is before all others.';
comment on column timescale.applied_at is 'Of two versions with the same first day the one applied last counts; null is before all others.';

alter table calendar add column dates_sha256 text check (dates_sha256 ~ '^[0-9a-f]{64}$');
comment on column calendar.dates_sha256 is 'SHA-256 of nation, years and dates when it was loaded: days that somebody adds later do not fit it. Null on calendars from before this was kept.';

-- The calendar that counts is the one loaded last, also where an older one reaches further.
create or replace function calendars_reach() returns int
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select min(last_year)::int
        from (select distinct on (partnership_id) last_year
              from public.calendar order by partnership_id, loaded_at desc, version desc) in_use
    $$;
