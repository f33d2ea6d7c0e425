-- What a sender's system last said of an escalation, so that saying it again changes nothing: neither now, nor after
-- somebody else has corrected what it said.

create table source_record (
    partnership_id uuid not null references partnership (id),
    escalation_id uuid not null,
    number integer not null check (number >= 1),
    source_version bigint check (source_version >= 0),
    theme_code text not null,
    urgency text not null check (urgency in ('standard', 'urgent', 'immediate')),
    timescale_code text,
    started_at timestamptz,
    occurred_at timestamptz,
    cause text,
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, escalation_id, number),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id),
    check ((timescale_code is null) = (started_at is null)),
    check (timescale_code is not null or (occurred_at is null and cause is null))
);
create index source_record_client on source_record (partnership_id, recorded_by_client_id);
comment on column source_record.source_version is 'The sender''s own number of what it said; an older one than the highest is ignored.';
comment on column source_record.theme_code is 'As it was sent. What the escalation says now may have been corrected by others.';

create trigger source_record_is_append_only before update or delete on source_record
    for each row execute function refuse_change();
create trigger source_record_is_not_truncated before truncate on source_record
    for each statement execute function refuse_change();

alter table source_record enable row level security;
alter table source_record force row level security;
-- Only the raising side: which system sent it, and how often, is not for the agency that answers to know.
create policy stated on source_record
    using (partnership_id = stated_partnership() and (reaches_partnership() or
        exists (select from escalation e where e.partnership_id = source_record.partnership_id
                and e.id = source_record.escalation_id
                and e.raised_by_agency_id = any (stated_agencies()) offset 0)))
    with check (partnership_id = stated_partnership() and
        exists (select from escalation e where e.partnership_id = source_record.partnership_id
                and e.id = source_record.escalation_id
                and e.raised_by_agency_id = any (stated_agencies()) offset 0));
grant select, insert on source_record to escalation_app;
