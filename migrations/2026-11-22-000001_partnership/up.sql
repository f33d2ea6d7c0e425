-- Who takes part, and the reference data that they agreed on.
--
-- Row security: a session states its partnership, its agency and its reach for one transaction
-- (`set_config(…, true)`). What is not stated matches nothing, so a forgotten statement shows no row.

create function stated_partnership() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.partnership_id', true), '')::uuid;

create function stated_agency() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.agency_id', true), '')::uuid;

-- Whether the caller reaches every escalation of the partnership, or only those of its own agency.
create function reaches_partnership() returns boolean
    language sql stable parallel safe
    return current_setting('app.reach', true) = 'partnership';

create table partnership (
    id uuid primary key,
    code text not null unique check (code ~ '^[A-Z][A-Z0-9]{1,11}$'),
    name text not null check (char_length(name) between 1 and 200),
    created_at timestamptz not null
);
comment on table partnership is 'A safeguarding partnership. The one table, with client, whose keys do not start with a partnership: it is where partnerships are found.';

create table agency (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    code text not null check (code ~ '^[a-z][a-z0-9_]{0,39}$'),
    name text not null check (char_length(name) between 1 and 200),
    agency_type text not null,
    aliases text[] not null default '{}',
    may_raise boolean not null,
    may_respond boolean not null,
    valid_from date not null,
    valid_to date,
    successor_id uuid,
    primary key (partnership_id, id),
    unique (partnership_id, code),
    foreign key (partnership_id, successor_id) references agency (partnership_id, id),
    check (valid_to is null or valid_to >= valid_from),
    check (successor_id is null or successor_id <> id)
);
create index agency_successor on agency (partnership_id, successor_id);

create table client (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    issuer text not null check (char_length(issuer) between 1 and 500),
    client_id text not null check (char_length(client_id) between 1 and 200),
    agency_id uuid,
    role text not null check (role in ('agency', 'service_lead', 'director', 'analyst', 'auditor', 'operator')),
    name text not null check (char_length(name) between 1 and 200),
    created_at timestamptz not null,
    disabled_at timestamptz,
    primary key (partnership_id, id),
    unique (issuer, client_id),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    -- A caller of an agency acts for exactly one; the partnership's own roles act for none.
    check ((role = 'agency') = (agency_id is not null))
);
create index client_agency on client (partnership_id, agency_id);
comment on table client is 'Registered callers. issuer and client_id are unique over all partnerships, because they are what tells the partnership.';

create table theme (
    partnership_id uuid not null references partnership (id),
    code text not null check (code ~ '^[a-z][a-z0-9_]{0,59}$'),
    group_code text not null,
    group_label text not null,
    label text not null,
    description text not null,
    position int not null,
    valid_from date not null,
    valid_to date,
    primary key (partnership_id, code),
    check (valid_to is null or valid_to >= valid_from)
);

create table timescale (
    partnership_id uuid not null references partnership (id),
    code text not null check (code ~ '^[a-z][a-z0-9_]{0,59}$'),
    version text not null,
    label text not null,
    time_limit jsonb,
    starts text not null,
    stops text not null,
    basis text not null,
    source text not null,
    verified_against_wt2026 boolean not null,
    effective_from date not null,
    primary key (partnership_id, code, version)
);

create table stage_policy (
    partnership_id uuid not null references partnership (id),
    version text not null,
    effective_from date not null,
    document jsonb not null,
    primary key (partnership_id, version)
);

create table calendar (
    partnership_id uuid not null references partnership (id),
    version text not null,
    nation text not null,
    first_year int not null,
    last_year int not null,
    source text not null,
    loaded_at timestamptz not null,
    primary key (partnership_id, version),
    check (last_year >= first_year)
);

create table calendar_day (
    partnership_id uuid not null,
    version text not null,
    day date not null,
    name text not null,
    primary key (partnership_id, version, day),
    foreign key (partnership_id, version) references calendar (partnership_id, version)
);

alter table partnership enable row level security;
alter table partnership force row level security;
create policy stated on partnership
    using (id = stated_partnership()) with check (id = stated_partnership());

do $$
declare
    name text;
begin
    foreach name in array array['agency', 'client', 'theme', 'timescale', 'stage_policy', 'calendar', 'calendar_day']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy stated on %I using (partnership_id = stated_partnership()) '
            'with check (partnership_id = stated_partnership())', name);
        execute format('grant select, insert on %I to escalation_app', name);
    end loop;
    -- The owner finds callers, partnerships and calendars for the functions below, and only there.
    execute format('create policy directory on client for select to %I using (true)', current_user);
    execute format('create policy directory on partnership for select to %I using (true)', current_user);
    execute format('create policy directory on calendar for select to %I using (true)', current_user);
end
$$;

grant select, insert on partnership to escalation_app;
-- Reference data is versioned and never rewritten; what ends gets an end date.
grant update (name, aliases, may_raise, may_respond, valid_to, successor_id) on agency to escalation_app;
grant update (role, agency_id, name, disabled_at) on client to escalation_app;
grant update (valid_to) on theme to escalation_app;

-- The only three ways past row security: who is this caller, which partnership has this code, and until
-- which year the calendars of all partnerships reach (for readiness; it tells nothing of any of them).
create function find_client(wanted_issuer text, wanted_client_id text)
    returns table (partnership_id uuid, id uuid, agency_id uuid, role text, disabled boolean)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select c.partnership_id, c.id, c.agency_id, c.role, c.disabled_at is not null
        from public.client c
        where c.issuer = wanted_issuer and c.client_id = wanted_client_id
    $$;

create function find_partnership(wanted_code text) returns uuid
    language sql stable security definer set search_path = pg_catalog, public
    as $$ select p.id from public.partnership p where p.code = wanted_code $$;

create function calendars_reach() returns int
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select min(reach)::int
        from (select max(last_year) as reach from public.calendar group by partnership_id) newest
    $$;

revoke all on function find_client(text, text), find_partnership(text), calendars_reach() from public;
grant execute on function find_client(text, text), find_partnership(text), calendars_reach() to escalation_app;
