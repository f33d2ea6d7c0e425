-- The whole life of an escalation: who holds it, what is proposed, where it is linked to, and what follows its end.

-- A caller works for its own agency and for those whose duties that agency took over.
create function stated_agencies() returns uuid[]
    language sql stable parallel safe
    return string_to_array(nullif(current_setting('app.agency_ids', true), ''), ',')::uuid[];

alter table escalation
    add column raiser_visibility text not null default 'named'
        check (raiser_visibility in ('named', 'role_only', 'protected')),
    add column original_theme_code text,
    add column past_responder_ids uuid[] not null default '{}',
    add column next_due_kind text,
    add column rule_state jsonb not null default '{}',
    add foreign key (partnership_id, original_theme_code) references theme (partnership_id, code),
    drop constraint escalation_status_check,
    add check (status in ('raised', 'acknowledged', 'answered', 'accepted', 'rejected', 'declined', 'resolved', 'withdrawn')),
    -- What has ended can have a follow-up running.
    drop constraint escalation_check5;
create index escalation_original_theme on escalation (partnership_id, original_theme_code);
comment on column escalation.past_responder_ids is 'Agencies that had to answer before it was redirected: they may read on, and nothing else.';
comment on column escalation.rule_state is 'What only the rules read: the proposal that waits for a second person, and who answered.';

alter policy stated on escalation
    using (partnership_id = stated_partnership()
           and (reaches_partnership()
                or raised_by_agency_id = any (stated_agencies())
                or raised_with_agency_id = any (stated_agencies())
                or past_responder_ids && stated_agencies()))
    with check (partnership_id = stated_partnership()
           and (reaches_partnership()
                or raised_by_agency_id = any (stated_agencies())
                or raised_with_agency_id = any (stated_agencies())
                or past_responder_ids && stated_agencies()));
drop function stated_agency();

alter table episode
    add column withdrawal_reason text,
    add column reroute_code text,
    add column details jsonb,
    add column feedback_at timestamptz,
    add column learning_type text,
    add column impact_result text,
    add column impact_checked_at timestamptz,
    -- How long the child had waited by the end, day and night.
    add column child_seconds bigint check (child_seconds >= 0),
    add check ((impact_result is null) = (impact_checked_at is null)),
    add check (ended_at is not null
               or num_nonnulls(withdrawal_reason, reroute_code, details, feedback_at, learning_type, impact_result) = 0);

-- Clocks in the order in which they were started: two can start at one instant.
alter table stage_clock disable trigger stage_clock_is_fixed;
alter table stage_clock add column position int;
update stage_clock c set position = n.position
from (select partnership_id, id, row_number() over (
          partition by partnership_id, escalation_id
          order by episode, stage, started_at, kind, extends_id is not null) - 1 as position
      from stage_clock) n
where c.partnership_id = n.partnership_id and c.id = n.id;
alter table stage_clock alter column position set not null;
alter table stage_clock enable trigger stage_clock_is_fixed;
alter table stage_clock
    add unique (partnership_id, escalation_id, position),
    add column basis jsonb,
    add column recorded_at timestamptz,
    add column stop_recorded_at timestamptz,
    drop constraint stage_clock_kind_check,
    add check (kind in ('acknowledgement', 'answer', 'judgement', 'feedback', 'learning', 'impact_check')),
    drop constraint stage_clock_stop_reason_check,
    add check (stop_reason in
        ('acknowledged', 'answered', 'advanced', 'no_response', 'extended', 'ended', 'declined', 'redirected',
         'urgency_changed', 'meeting_called', 'paused', 'resumed', 'policy_migrated', 'done', 'reopened'));

create or replace function refuse_clock_change() returns trigger language plpgsql as $$
begin
    if old.stopped_at is not null
        or (new.partnership_id, new.id, new.escalation_id, new.episode, new.stage, new.kind, new.urgency,
            new.time_limit, new.started_at, new.due_at, new.policy_version, new.calendar_version, new.extends_id,
            new.position, new.basis, new.recorded_at)
        is distinct from
           (old.partnership_id, old.id, old.escalation_id, old.episode, old.stage, old.kind, old.urgency,
            old.time_limit, old.started_at, old.due_at, old.policy_version, old.calendar_version, old.extends_id,
            old.position, old.basis, old.recorded_at)
    then
        raise exception 'a stage clock only stops, once' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;

-- The service itself acts when time runs out; it is no registered client.
alter table event
    alter column actor_client_id drop not null,
    add check ((actor_role = 'system') = (actor_client_id is null));

alter table event_text
    drop constraint event_text_field_check,
    add check (field in
        ('concern', 'desired_outcome', 'answer', 'agreed_action', 'reason', 'note', 'statement', 'feedback',
         'learning', 'options_considered', 'why_lower_stage_failed', 'dissent'));

-- Who held the matter, one row for each turn: with the time before raising they make up the child's time.
create table holding (
    partnership_id uuid not null,
    escalation_id uuid not null,
    position smallint not null check (position >= 0),
    holder text not null check (holder in ('responder', 'raiser', 'paused', 'nobody')),
    agency_id uuid,
    from_at timestamptz not null,
    to_at timestamptz,
    -- When a pause ends by itself.
    until_at timestamptz,
    primary key (partnership_id, escalation_id, position),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    check ((agency_id is null) = (holder = 'nobody')),
    check ((until_at is null) = (holder <> 'paused')),
    check (to_at is null or to_at >= from_at)
);
create index holding_agency on holding (partnership_id, agency_id);
create unique index holding_one_open on holding (partnership_id, escalation_id) where to_at is null;

-- What an escalation has to do with another one. Nothing is ever merged.
create table escalation_link (
    partnership_id uuid not null,
    escalation_id uuid not null,
    position smallint not null check (position >= 0),
    kind text not null check (kind in ('duplicate_of', 'not_duplicate_of', 'recurs_from', 'related_to')),
    to_escalation_id uuid not null,
    linked_at timestamptz not null,
    primary key (partnership_id, escalation_id, position),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, to_escalation_id) references escalation (partnership_id, id),
    check (to_escalation_id <> escalation_id)
);
create index escalation_link_to on escalation_link (partnership_id, to_escalation_id);

do $$
declare
    name text;
begin
    foreach name in array array['holding', 'escalation_link']
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

-- Escalations from before holders were kept: held by the responding agency since the latest opening, as far as is known.
insert into holding (partnership_id, escalation_id, position, holder, agency_id, from_at, to_at)
select e.partnership_id, e.id, 0,
       case when e.status in ('answered', 'rejected') then 'raiser' else 'responder' end,
       case when e.status in ('answered', 'rejected') then e.raised_by_agency_id else e.raised_with_agency_id end,
       e.raised_at, p.ended_at
from escalation e
join episode p on p.partnership_id = e.partnership_id and p.escalation_id = e.id and p.number = e.episode;
insert into holding (partnership_id, escalation_id, position, holder, agency_id, from_at, to_at)
select h.partnership_id, h.escalation_id, 1, 'nobody', null, h.to_at, null from holding h where h.to_at is not null;
update escalation e set next_due_kind = c.kind
from stage_clock c where c.partnership_id = e.partnership_id and c.id = e.next_due_clock_id;
alter table escalation add check ((next_due_at is null) = (next_due_kind is null));

grant update (scope, raised_with_agency_id, policy_version, original_theme_code, past_responder_ids, next_due_kind, rule_state)
    on escalation to escalation_app;
grant update (withdrawal_reason, reroute_code, details, feedback_at, learning_type, impact_result, impact_checked_at,
              child_seconds)
    on episode to escalation_app;
grant update (stop_recorded_at) on stage_clock to escalation_app;
grant update (to_at) on holding to escalation_app;
