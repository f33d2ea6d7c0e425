-- What an agency's own systems call the case of an escalation: an enquiry, a referral, a conference. Never a child.

create table external_id (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    escalation_id uuid not null,
    agency_id uuid not null,
    system text not null check (length(system) between 1 and 64),
    kind text not null check (length(kind) between 1 and 64),
    value text not null check (length(value) between 1 and 64),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    removed_at timestamptz,
    removed_by_role text,
    removed_by_client_id uuid,
    removed_by_subject text,
    primary key (partnership_id, id),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id),
    foreign key (partnership_id, removed_by_client_id) references client (partnership_id, id),
    check (num_nonnulls(removed_at, removed_by_role, removed_by_client_id, removed_by_subject) in (0, 4))
);
create index external_id_escalation on external_id (partnership_id, escalation_id);
create index external_id_agency on external_id (partnership_id, agency_id);
create index external_id_client on external_id (partnership_id, recorded_by_client_id);
create index external_id_remover on external_id (partnership_id, removed_by_client_id);
-- One thing of an agency's stands for one escalation. What was removed may stand for another.
create unique index external_id_taken on external_id (partnership_id, agency_id, system, kind, value)
    where removed_at is null;
comment on column external_id.removed_at is 'When it was said that it does not belong here. The row stays.';

create function refuse_external_id_change() returns trigger language plpgsql as $$
begin
    if old.removed_at is not null or new.removed_at is null
        or (new.partnership_id, new.id, new.escalation_id, new.agency_id, new.system, new.kind, new.value, new.recorded_at,
            new.recorded_by_role, new.recorded_by_client_id, new.recorded_by_subject)
        is distinct from
           (old.partnership_id, old.id, old.escalation_id, old.agency_id, old.system, old.kind, old.value, old.recorded_at,
            old.recorded_by_role, old.recorded_by_client_id, old.recorded_by_subject)
    then
        raise exception 'an external id is only removed, once' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger external_id_is_fixed before update on external_id
    for each row execute function refuse_external_id_change();
create trigger external_id_is_append_only before delete on external_id
    for each row execute function refuse_change();
create trigger external_id_is_not_truncated before truncate on external_id
    for each statement execute function refuse_change();

alter table external_id enable row level security;
alter table external_id force row level security;
-- An agency's own, and for those who review the partnership: what one side calls it is not for the other to know.
create policy stated on external_id
    using (partnership_id = stated_partnership() and (reaches_partnership() or agency_id = any (stated_agencies())))
    with check (partnership_id = stated_partnership() and agency_id = any (stated_agencies()) and
        exists (select from escalation e where e.partnership_id = external_id.partnership_id
                and e.id = external_id.escalation_id offset 0));
grant select, insert on external_id to escalation_app;
grant update (removed_at, removed_by_role, removed_by_client_id, removed_by_subject) on external_id to escalation_app;
