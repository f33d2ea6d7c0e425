create or replace function calendars_reach() returns int
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select min(reach)::int
        from (select max(last_year) as reach from public.calendar group by partnership_id) newest
    $$;

alter table calendar drop column dates_sha256;
alter table timescale drop column applied_at;
alter table stage_policy drop column applied_at;
