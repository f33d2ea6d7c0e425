-- The feed: everything that happened in a partnership in one order without gaps, each thing linked to what came before.
--
-- Writers never wait for each other: what they commit waits in `feed_pending`, and one sequencer at a time gives it
-- its position. So a reader's cursor never passes over a late commit.

-- What the link of an event is taken of, computed with the event and stored in its transaction.
alter table event add column leaf bytea check (octet_length(leaf) = 32);
comment on column event.leaf is 'SHA-256 of everything that the event says, its texts only by their salted hashes. Absent for events from before there was a feed.';

-- A text enters the leaf by a hash that is salted, so that once it is erased nobody can find it again by guessing. The
-- hashes stay with the event, so that its leaf can be computed again when a text is gone.
alter table event add column text_hashes jsonb;
comment on column event.text_hashes is 'SHA-256 of salt and text, in hexadecimal digits, for each text of the event.';
alter table event_text add column salt bytea not null default uuid_send(gen_random_uuid())
    check (octet_length(salt) = 16);

create table feed_pending (
    partnership_id uuid not null references partnership (id),
    number bigint not null generated always as identity,
    escalation_id uuid not null,
    event_id uuid,
    timer_id uuid,
    written_at timestamptz not null default now(),
    primary key (partnership_id, number),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, event_id) references event (partnership_id, id),
    foreign key (partnership_id, timer_id) references timer (partnership_id, id),
    check (num_nonnulls(event_id, timer_id) = 1)
);
create index feed_pending_escalation on feed_pending (partnership_id, escalation_id);
create index feed_pending_event on feed_pending (partnership_id, event_id);
create index feed_pending_timer on feed_pending (partnership_id, timer_id);
comment on column feed_pending.number is 'Order of writing. An escalation is locked by whoever writes of it, so its events are in order; those of different escalations need not be.';

create table feed_entry (
    partnership_id uuid not null references partnership (id),
    position bigint not null check (position >= 1),
    escalation_id uuid not null,
    event_id uuid,
    timer_id uuid,
    version int check (version >= 1),
    previous_version int generated always as (nullif(version - 1, 0)) stored,
    leaf bytea not null check (octet_length(leaf) = 32),
    link bytea not null check (octet_length(link) = 32),
    sequenced_at timestamptz not null,
    primary key (partnership_id, position),
    unique (partnership_id, event_id),
    unique (partnership_id, timer_id),
    unique (partnership_id, escalation_id, version),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, event_id) references event (partnership_id, id),
    foreign key (partnership_id, timer_id) references timer (partnership_id, id),
    -- No event is in the feed before the one that came before it on the same escalation.
    foreign key (partnership_id, escalation_id, previous_version)
        references feed_entry (partnership_id, escalation_id, version),
    check (num_nonnulls(event_id, timer_id) = 1),
    check ((event_id is null) = (version is null))
);
create index feed_entry_escalation on feed_entry (partnership_id, escalation_id, position);
create index feed_entry_previous on feed_entry (partnership_id, escalation_id, previous_version);
comment on column feed_entry.link is 'SHA-256 of the link before it and of the leaf; the first follows 32 zero bytes.';

create table feed_head (
    partnership_id uuid primary key references partnership (id),
    position bigint not null check (position >= 0),
    link bytea not null check (octet_length(link) = 32),
    sequenced_at timestamptz
);

-- Nobody can append an event, or fire a timer, that the feed would not tell of.
create function tell_feed_of_events() returns trigger language plpgsql as $$
begin
    insert into feed_pending (partnership_id, escalation_id, event_id)
    select partnership_id, escalation_id, id from added order by escalation_id, version;
    return null;
end
$$;
create trigger event_reaches_feed after insert on event
    referencing new table as added for each statement execute function tell_feed_of_events();

create function tell_feed_of_timer() returns trigger language plpgsql as $$
begin
    insert into feed_pending (partnership_id, escalation_id, timer_id)
    values (new.partnership_id, new.escalation_id, new.id);
    return null;
end
$$;
create trigger timer_reaches_feed after update on timer
    for each row when (old.result is null and new.result = 'fired') execute function tell_feed_of_timer();

-- What was recorded before there was a feed comes first, each escalation in its own order.
alter table event no force row level security;
alter table timer no force row level security;
insert into feed_pending (partnership_id, escalation_id, event_id, timer_id)
select partnership_id, escalation_id, event_id, timer_id
from (select partnership_id, escalation_id, id as event_id, null::uuid as timer_id, version,
             max(recorded_at) over (partition by partnership_id, escalation_id order by version) as at
      from event
      union all
      select partnership_id, escalation_id, null, id, null, fired_at from timer where result = 'fired') past
order by partnership_id, at, escalation_id, version;
alter table event force row level security;
alter table timer force row level security;

create trigger feed_entry_is_append_only before update or delete on feed_entry
    for each row execute function refuse_change();
create trigger feed_entry_is_not_truncated before truncate on feed_entry
    for each statement execute function refuse_change();

alter table feed_pending enable row level security;
alter table feed_pending force row level security;
alter table feed_entry enable row level security;
alter table feed_entry force row level security;
alter table feed_head enable row level security;
alter table feed_head force row level security;
-- Whoever acts adds; only the service's own work for the whole partnership takes away.
create policy stated on feed_pending
    using (partnership_id = stated_partnership() and reaches_partnership())
    with check (partnership_id = stated_partnership());
create policy stated on feed_entry
    using (partnership_id = stated_partnership() and (reaches_partnership() or
           exists (select from escalation e where e.partnership_id = feed_entry.partnership_id
                   and e.id = feed_entry.escalation_id offset 0)))
    with check (partnership_id = stated_partnership() and reaches_partnership());
create policy stated on feed_head
    using (partnership_id = stated_partnership())
    with check (partnership_id = stated_partnership() and reaches_partnership());
grant select, insert, delete on feed_pending to escalation_app;
grant select, insert on feed_entry to escalation_app;
grant select, insert on feed_head to escalation_app;
grant update (position, link, sequenced_at) on feed_head to escalation_app;

-- Which partnerships have something waiting; it tells nothing of any escalation.
do $$
begin
    execute format('create policy directory on feed_pending for select to %I using (true)', current_user);
    execute format('create policy directory on feed_head for select to %I using (true)', current_user);
end
$$;
create function partnerships_to_sequence() returns setof uuid
    language sql stable security definer set search_path = pg_catalog, public
    as $$ select p.id from public.partnership p
          where exists (select from public.feed_pending f where f.partnership_id = p.id) order by p.id $$;
revoke all on function partnerships_to_sequence() from public;
grant execute on function partnerships_to_sequence() to escalation_app;

-- How far the feeds of all partnerships have come, by the database's own clock.
create function feed_state(out waiting bigint, out oldest_seconds double precision, out entries bigint)
    language sql stable security definer set search_path = pg_catalog, public
    as $$ select f.n, coalesce(extract(epoch from clock_timestamp() - f.oldest), 0)::double precision,
                 (select coalesce(sum(h.position), 0)::bigint from public.feed_head h)
          from (select count(*) as n, min(written_at) as oldest from public.feed_pending) f $$;
revoke all on function feed_state() from public;
grant execute on function feed_state() to escalation_app;
