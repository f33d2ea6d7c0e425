-- What went well without an escalation: settled by a conversation, or done well by another agency. No escalation, so
-- no stage, no clock and no figure of escalations; read beside these, so that a fall of theirs can be understood.

create table practice_record (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    kind text not null check (kind in ('informal_resolution', 'commendation')),
    by_agency_id uuid not null,
    about_agency_id uuid not null,
    theme_code text not null,
    urgency text check (urgency in ('standard', 'urgent', 'immediate')),
    note text check (char_length(note) between 1 and 500),
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    source text,
    external_reference text,
    primary key (partnership_id, id),
    foreign key (partnership_id, by_agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, about_agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, theme_code) references theme (partnership_id, code),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id),
    check ((source is null) = (external_reference is null)),
    check (kind = 'informal_resolution' or (urgency is null and about_agency_id <> by_agency_id))
);
create unique index practice_record_external_reference
    on practice_record (partnership_id, by_agency_id, source, external_reference);
create index practice_record_occurred_at on practice_record (partnership_id, occurred_at, id);
create index practice_record_by on practice_record (partnership_id, by_agency_id, occurred_at);
create index practice_record_about on practice_record (partnership_id, about_agency_id, occurred_at);
create index practice_record_theme on practice_record (partnership_id, theme_code, occurred_at);
create index practice_record_client on practice_record (partnership_id, recorded_by_client_id);

-- The note is not among these columns: like the texts of events it can be erased, by the owner of the tables only.
create trigger practice_record_is_append_only
    before delete or update of partnership_id, id, kind, by_agency_id, about_agency_id, theme_code, urgency,
        occurred_at, recorded_at, recorded_by_client_id, recorded_by_subject, source, external_reference
    on practice_record for each row execute function refuse_change();
create trigger practice_record_is_not_truncated before truncate on practice_record
    for each statement execute function refuse_change();

alter table practice_record enable row level security;
alter table practice_record force row level security;
-- Both agencies read it; only the one whose record it is writes it.
create policy stated on practice_record
    using (partnership_id = stated_partnership()
           and (reaches_partnership()
                or by_agency_id = any (stated_agencies())
                or about_agency_id = any (stated_agencies())))
    with check (partnership_id = stated_partnership()
           and (reaches_partnership() or by_agency_id = any (stated_agencies())));
grant select, insert on practice_record to escalation_app;
