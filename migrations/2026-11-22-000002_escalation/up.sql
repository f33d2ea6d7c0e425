-- Escalations: the current state, and the events that are the truth behind it.

create sequence escalation_number;
grant usage on sequence escalation_number to escalation_app;
comment on sequence escalation_number is 'Numbers of spoken references. A sequence, because a counter row would make all writers queue; gaps mean nothing.';

create table escalation (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    version int not null check (version >= 1),
    reference text not null check (reference ~ '^ESC-[A-Z0-9]+-[0-9]{4}-[0-9]{5,}$'),
    scope text not null check (scope in ('inter_agency', 'intra_agency', 'thematic')),
    raised_by_agency_id uuid not null,
    raised_with_agency_id uuid not null,
    urgency text not null check (urgency in ('standard', 'urgent', 'immediate')),
    theme_code text not null,
    secondary_themes text[] not null default '{}' check (cardinality(secondary_themes) <= 3),
    source text,
    external_reference text,
    child_count int not null check (child_count >= 0),
    concern_arose_at timestamptz,
    raised_at timestamptz not null,
    received_at timestamptz not null,
    child_impact text,
    interim_safety text,
    emergency_action_taken_at timestamptz,
    raised_by_role text check (char_length(raised_by_role) <= 80),
    policy_version text not null,
    status text not null check (status in
        ('raised', 'acknowledged', 'answered', 'accepted', 'rejected', 'resolved', 'withdrawn')),
    stage smallint not null check (stage between 0 and 9),
    episode smallint not null check (episode >= 1),
    changed_at timestamptz not null,
    next_due_at timestamptz,
    next_due_clock_id uuid,
    primary key (partnership_id, id),
    unique (partnership_id, reference),
    foreign key (partnership_id, raised_by_agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, raised_with_agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, theme_code) references theme (partnership_id, code),
    foreign key (partnership_id, policy_version) references stage_policy (partnership_id, version),
    check ((source is null) = (external_reference is null)),
    check ((scope = 'thematic') = (child_count = 0)),
    check ((scope <> 'intra_agency') or raised_by_agency_id = raised_with_agency_id),
    check (concern_arose_at is null or concern_arose_at <= raised_at),
    check ((next_due_at is null) = (next_due_clock_id is null)),
    -- What has ended, or waits for the raiser or for the record of its end, has no clock running.
    check (status in ('raised', 'acknowledged') or next_due_at is null)
);
create unique index escalation_external_reference
    on escalation (partnership_id, raised_by_agency_id, source, external_reference);
create index escalation_raised_at on escalation (partnership_id, raised_at, id);
create index escalation_raised_with on escalation (partnership_id, raised_with_agency_id, raised_at);
create index escalation_raised_by on escalation (partnership_id, raised_by_agency_id, raised_at);
create index escalation_theme on escalation (partnership_id, theme_code, raised_at);
create index escalation_next_due on escalation (partnership_id, next_due_at) where next_due_at is not null;
create index escalation_policy on escalation (partnership_id, policy_version);

-- One row per child. The reference itself is never stored in clear: child_key finds, ciphertext tells.
create table escalation_child (
    partnership_id uuid not null,
    escalation_id uuid not null,
    position smallint not null check (position >= 0),
    scheme text not null,
    child_key bytea not null check (octet_length(child_key) = 32),
    ciphertext bytea not null,
    primary key (partnership_id, escalation_id, position),
    unique (partnership_id, escalation_id, child_key),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id)
);
create index escalation_child_key on escalation_child (partnership_id, child_key);

-- The child's process that was delayed: at most one for each escalation.
create table delay (
    partnership_id uuid not null,
    escalation_id uuid not null,
    timescale_code text not null,
    timescale_version text not null,
    time_limit jsonb,
    started_at timestamptz not null,
    due_at timestamptz,
    occurred_at timestamptz,
    cause text,
    calendar_version text not null,
    primary key (partnership_id, escalation_id),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, timescale_code, timescale_version)
        references timescale (partnership_id, code, version),
    foreign key (partnership_id, calendar_version) references calendar (partnership_id, version),
    check ((time_limit is null) = (due_at is null)),
    check (occurred_at is null or occurred_at >= started_at or due_at < started_at)
);
create index delay_timescale on delay (partnership_id, timescale_code, timescale_version);
create index delay_calendar on delay (partnership_id, calendar_version);

-- One run from opening to end; reopening starts another.
create table episode (
    partnership_id uuid not null,
    escalation_id uuid not null,
    number smallint not null check (number >= 1),
    opened_at timestamptz not null,
    ended_at timestamptz,
    outcome text,
    counts_as_resolved boolean,
    child_outcome text,
    delay_effect text,
    working_seconds bigint check (working_seconds >= 0),
    same_day boolean,
    calendar_version text,
    primary key (partnership_id, escalation_id, number),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, calendar_version) references calendar (partnership_id, version),
    check (ended_at is null or ended_at >= opened_at),
    check (num_nulls(ended_at, outcome, counts_as_resolved, child_outcome, delay_effect,
                     working_seconds, same_day, calendar_version) in (0, 8))
);
create index episode_opened on episode (partnership_id, opened_at);
create index episode_ended on episode (partnership_id, ended_at);
create index episode_calendar on episode (partnership_id, calendar_version);
create unique index episode_one_open on episode (partnership_id, escalation_id) where ended_at is null;

-- One row per clock. What it is due by never changes; it only stops.
create table stage_clock (
    partnership_id uuid not null,
    id uuid not null,
    escalation_id uuid not null,
    episode smallint not null,
    stage smallint not null check (stage between 0 and 9),
    kind text not null check (kind in ('acknowledgement', 'answer')),
    urgency text not null check (urgency in ('standard', 'urgent', 'immediate')),
    time_limit jsonb not null,
    started_at timestamptz not null,
    due_at timestamptz not null check (due_at >= started_at),
    policy_version text not null,
    calendar_version text not null,
    extends_id uuid,
    stopped_at timestamptz,
    stop_reason text check (stop_reason in
        ('acknowledged', 'answered', 'advanced', 'no_response', 'extended', 'ended')),
    primary key (partnership_id, id),
    foreign key (partnership_id, escalation_id, episode)
        references episode (partnership_id, escalation_id, number),
    foreign key (partnership_id, policy_version) references stage_policy (partnership_id, version),
    foreign key (partnership_id, calendar_version) references calendar (partnership_id, version),
    foreign key (partnership_id, extends_id) references stage_clock (partnership_id, id),
    check ((stopped_at is null) = (stop_reason is null)),
    check (stopped_at is null or stopped_at >= started_at),
    check (stop_reason is distinct from 'acknowledged' or kind = 'acknowledgement')
);
create index stage_clock_escalation on stage_clock (partnership_id, escalation_id, episode);
create index stage_clock_due on stage_clock (partnership_id, due_at);
create index stage_clock_running on stage_clock (partnership_id, kind, due_at) where stopped_at is null;
create index stage_clock_policy on stage_clock (partnership_id, policy_version);
create index stage_clock_calendar on stage_clock (partnership_id, calendar_version);
create index stage_clock_extends on stage_clock (partnership_id, extends_id);
create unique index stage_clock_one_running
    on stage_clock (partnership_id, escalation_id, kind) where stopped_at is null;

-- The facts, appended. History, change audit and feed are this table read in different ways.
create table event (
    partnership_id uuid not null,
    id uuid not null,
    escalation_id uuid not null,
    version int not null check (version >= 1),
    event_type text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    actor_agency_id uuid,
    actor_role text not null,
    actor_client_id uuid not null,
    actor_subject text not null,
    data jsonb not null,
    primary key (partnership_id, id),
    unique (partnership_id, escalation_id, version),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, actor_agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, actor_client_id) references client (partnership_id, id)
);
create index event_actor_agency on event (partnership_id, actor_agency_id);
create index event_actor_client on event (partnership_id, actor_client_id);

-- Free text, kept apart from the events so that a text can be erased and the event stays.
create table event_text (
    partnership_id uuid not null,
    escalation_id uuid not null,
    version int not null,
    field text not null check (field in
        ('concern', 'desired_outcome', 'answer', 'agreed_action', 'reason', 'note')),
    body text not null check (char_length(body) between 1 and 2000),
    primary key (partnership_id, escalation_id, version, field),
    foreign key (partnership_id, escalation_id, version)
        references event (partnership_id, escalation_id, version)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger event_is_append_only before update or delete on event
    for each row execute function refuse_change();
create trigger event_is_not_truncated before truncate on event
    for each statement execute function refuse_change();

-- A clock's terms are fixed when it starts, and it stops once.
create function refuse_clock_change() returns trigger language plpgsql as $$
begin
    if old.stopped_at is not null
        or (new.partnership_id, new.id, new.escalation_id, new.episode, new.stage, new.kind, new.urgency,
            new.time_limit, new.started_at, new.due_at, new.policy_version, new.calendar_version, new.extends_id)
        is distinct from
           (old.partnership_id, old.id, old.escalation_id, old.episode, old.stage, old.kind, old.urgency,
            old.time_limit, old.started_at, old.due_at, old.policy_version, old.calendar_version, old.extends_id)
    then
        raise exception 'a stage clock only stops, once' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger stage_clock_is_fixed before update on stage_clock
    for each row execute function refuse_clock_change();

alter table escalation enable row level security;
alter table escalation force row level security;
create policy stated on escalation
    using (partnership_id = stated_partnership()
           and (reaches_partnership()
                or raised_by_agency_id = stated_agency()
                or raised_with_agency_id = stated_agency()))
    with check (partnership_id = stated_partnership()
           and (reaches_partnership()
                or raised_by_agency_id = stated_agency()
                or raised_with_agency_id = stated_agency()));

do $$
declare
    name text;
begin
    -- What belongs to an escalation is seen and written by whoever sees that escalation. `offset 0` keeps the look-up
    -- an index probe for each row: without it every statement reads all escalations of the partnership into a hash.
    foreach name in array array['escalation_child', 'delay', 'episode', 'stage_clock', 'event', 'event_text']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy stated on %1$I using (partnership_id = stated_partnership() and (reaches_partnership() or '
            'exists (select from escalation e where e.partnership_id = %1$I.partnership_id and e.id = %1$I.escalation_id offset 0))) '
            'with check (partnership_id = stated_partnership() and (reaches_partnership() or '
            'exists (select from escalation e where e.partnership_id = %1$I.partnership_id and e.id = %1$I.escalation_id offset 0)))',
            name);
        execute format('grant select, insert on %I to escalation_app', name);
    end loop;
end
$$;

grant select, insert on escalation to escalation_app;
grant update (version, urgency, theme_code, status, stage, episode, changed_at, next_due_at, next_due_clock_id)
    on escalation to escalation_app;
grant update (timescale_code, timescale_version, time_limit, started_at, due_at, occurred_at, cause, calendar_version)
    on delay to escalation_app;
grant update (ended_at, outcome, counts_as_resolved, child_outcome, delay_effect, working_seconds, same_day, calendar_version)
    on episode to escalation_app;
grant update (stopped_at, stop_reason) on stage_clock to escalation_app;
