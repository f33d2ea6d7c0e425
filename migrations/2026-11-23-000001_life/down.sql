-- What only the newer program can say is lost; what the older one knows stays.
create function stated_agency() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.agency_id', true), '')::uuid;

drop table escalation_link;
drop table holding;

alter policy stated on escalation
    using (partnership_id = stated_partnership()
           and (reaches_partnership() or raised_by_agency_id = stated_agency() or raised_with_agency_id = stated_agency()))
    with check (partnership_id = stated_partnership()
           and (reaches_partnership() or raised_by_agency_id = stated_agency() or raised_with_agency_id = stated_agency()));
drop function stated_agencies();

alter table event_text
    drop constraint event_text_field_check,
    add check (field in ('concern', 'desired_outcome', 'answer', 'agreed_action', 'reason', 'note')) not valid;
alter table event drop constraint event_check;

create or replace function refuse_clock_change() returns trigger language plpgsql as $$
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
alter table stage_clock
    drop column position, drop column basis, drop column recorded_at, drop column stop_recorded_at,
    drop constraint stage_clock_kind_check,
    add check (kind in ('acknowledgement', 'answer')) not valid,
    drop constraint stage_clock_stop_reason_check,
    add check (stop_reason in ('acknowledged', 'answered', 'advanced', 'no_response', 'extended', 'ended')) not valid;
alter table episode
    drop column withdrawal_reason, drop column reroute_code, drop column details, drop column feedback_at,
    drop column learning_type, drop column impact_result, drop column impact_checked_at, drop column child_seconds;
alter table escalation
    drop column raiser_visibility, drop column original_theme_code, drop column past_responder_ids,
    drop column next_due_kind, drop column rule_state,
    drop constraint escalation_status_check,
    add check (status in ('raised', 'acknowledged', 'answered', 'accepted', 'rejected', 'resolved', 'withdrawn')) not valid,
    add constraint escalation_check5 check (status in ('raised', 'acknowledged') or next_due_at is null) not valid;
