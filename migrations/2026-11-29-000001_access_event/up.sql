-- Who read what: one entry for each read that showed single escalations, written in the transaction that read them.
--
-- No foreign keys: they would lock a row that all readers share, and an entry outlives what was read.

-- Partitions live apart, so that nobody names one: all reading and writing goes through the tables, with their row security.
create schema access_log;
comment on schema access_log is 'Partitions of access_event and access_seen, one for each month; nobody is granted anything here.';

create table access_event (
    partnership_id uuid not null,
    at timestamptz not null,
    id uuid not null,
    actor_agency_id uuid,
    actor_role text not null,
    actor_client_id uuid not null,
    actor_subject text not null,
    operation text not null check (length(operation) between 1 and 200),
    purpose text,
    fields text not null,
    escalation_ids uuid[] not null,
    row_count int not null check (row_count >= 0),
    request_id text not null check (length(request_id) <= 64),
    leaf bytea not null check (octet_length(leaf) = 32),
    primary key (partnership_id, at, id)
) partition by range (at);
create index access_event_person on access_event (partnership_id, actor_subject, at, id);
comment on table access_event is 'Who read what, when and what for. Never what was read, and nothing of a child.';
comment on column access_event.at is 'When it was read.';
comment on column access_event.fields is 'How much was shown, as a code: with_child_references, texts, lines, report or access_log.';
comment on column access_event.escalation_ids is 'Which escalations were shown, in the order of their identifiers, each once.';
comment on column access_event.row_count is 'How many rows were shown.';
comment on column access_event.leaf is 'SHA-256 of everything that the entry says.';

-- By which "everybody who saw this child" is found.
create table access_seen (
    partnership_id uuid not null,
    escalation_id uuid not null,
    at timestamptz not null,
    access_id uuid not null,
    primary key (partnership_id, escalation_id, at, access_id)
) partition by range (at);

create table access_pending (
    partnership_id uuid not null,
    number bigint not null generated always as identity,
    at timestamptz not null,
    access_id uuid not null,
    leaf bytea not null check (octet_length(leaf) = 32),
    written_at timestamptz not null default now(),
    primary key (partnership_id, number)
);
comment on column access_pending.number is 'Order of writing.';

create table access_entry (
    partnership_id uuid not null,
    position bigint not null check (position >= 1),
    at timestamptz not null,
    access_id uuid not null,
    leaf bytea not null check (octet_length(leaf) = 32),
    link bytea not null check (octet_length(link) = 32),
    sequenced_at timestamptz not null,
    primary key (partnership_id, position),
    unique (partnership_id, access_id)
);
comment on column access_entry.link is 'SHA-256 of the link before it and of the leaf; the first follows 32 zero bytes.';

create table access_head (
    partnership_id uuid primary key,
    position bigint not null check (position >= 0),
    link bytea not null check (octet_length(link) = 32),
    sequenced_at timestamptz
);

-- Nobody can write an entry that cannot be found by its escalations, or that would not be linked.
create function tell_of_access() returns trigger language plpgsql as $$
begin
    insert into access_seen (partnership_id, escalation_id, at, access_id)
    select new.partnership_id, seen, new.at, new.id from unnest(new.escalation_ids) seen;
    insert into access_pending (partnership_id, at, access_id, leaf)
    values (new.partnership_id, new.at, new.id, new.leaf);
    return null;
end
$$;
create trigger access_event_is_told after insert on access_event
    for each row execute function tell_of_access();

do $$
declare
    name text;
begin
    foreach name in array array['access_event', 'access_seen', 'access_entry']
    loop
        execute format('create trigger %1$s_is_append_only before update or delete on %1$I '
            'for each row execute function refuse_change()', name);
        execute format('create trigger %1$s_is_not_truncated before truncate on %1$I '
            'for each statement execute function refuse_change()', name);
    end loop;
    foreach name in array array['access_event', 'access_seen', 'access_pending', 'access_entry', 'access_head']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('grant select, insert on %I to escalation_app', name);
    end loop;
end
$$;
-- Whoever reads adds an entry of their own; only who works for the whole partnership sees any.
create policy stated on access_event
    using (partnership_id = stated_partnership() and reaches_partnership())
    with check (partnership_id = stated_partnership() and
        case when actor_agency_id is null then reaches_partnership() else actor_agency_id = any (stated_agencies()) end);
create policy stated on access_seen
    using (partnership_id = stated_partnership() and reaches_partnership())
    with check (partnership_id = stated_partnership());
create policy stated on access_pending
    using (partnership_id = stated_partnership() and reaches_partnership())
    with check (partnership_id = stated_partnership());
create policy stated on access_entry
    using (partnership_id = stated_partnership() and reaches_partnership())
    with check (partnership_id = stated_partnership() and reaches_partnership());
create policy stated on access_head
    using (partnership_id = stated_partnership() and reaches_partnership())
    with check (partnership_id = stated_partnership() and reaches_partnership());
grant delete on access_pending to escalation_app;
grant update (position, link, sequenced_at) on access_head to escalation_app;

-- What no month was made for goes into the partition for everything else, so that no read is refused for want of one.
create table access_log.access_event_else partition of access_event default;
create table access_log.access_seen_else partition of access_seen default;

-- Makes the partitions of the months from `first` on, and says how many were missing. A month of which the partition for
-- everything else holds entries stays there. It never waits long: whoever reads would wait behind it.
create function make_access_partitions(first date, months int) returns int
    language plpgsql security definer set search_path = pg_catalog, public set lock_timeout = '1s' as $$
declare
    month timestamp;
    parent text;
    name text;
    made int := 0;
begin
    for number in 0 .. least(months, 24) - 1 loop
        month := date_trunc('month', first::timestamp) + make_interval(months => number);
        foreach parent in array array['access_event', 'access_seen'] loop
            name := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
            continue when to_regclass(format('access_log.%I', name)) is not null;
            begin
                execute format(
                    'create table access_log.%I partition of public.%I for values from (%L) to (%L)', name, parent,
                    month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
                execute format('alter table access_log.%I enable row level security', name);
                execute format('alter table access_log.%I force row level security', name);
                execute format('create trigger %1$s_is_not_truncated before truncate on access_log.%1$I '
                    'for each statement execute function public.refuse_change()', name);
                made := made + 1;
            exception when check_violation then
                null;
            end;
        end loop;
    end loop;
    return made;
end
$$;
revoke all on function make_access_partitions(date, int) from public;
grant execute on function make_access_partitions(date, int) to escalation_app;
select make_access_partitions(current_date, 3);

do $$
begin
    execute format('create policy directory on access_pending for select to %I using (true)', current_user);
end
$$;
create function partnerships_with_reads_to_link() returns setof uuid
    language sql stable security definer set search_path = pg_catalog, public
    as $$ select p.id from public.partnership p
          where exists (select from public.access_pending a where a.partnership_id = p.id) order by p.id $$;
revoke all on function partnerships_with_reads_to_link() from public;
grant execute on function partnerships_with_reads_to_link() to escalation_app;
