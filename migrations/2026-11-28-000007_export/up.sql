-- Which escalations left in a file: who took them, when, what for, which, and how many. No row of the file is kept.

create table export_record (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    agency_id uuid,
    purpose text not null,
    format text not null check (format in ('csv', 'ndjson', 'xlsx')),
    filters text not null check (length(filters) <= 8192),
    row_count int not null check (row_count >= 0),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, id),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id)
);
create index export_record_agency on export_record (partnership_id, agency_id);
create index export_record_client on export_record (partnership_id, recorded_by_client_id);
comment on column export_record.filters is 'The parameters of the list, which are never about a child.';

create trigger export_record_is_append_only before update or delete on export_record
    for each row execute function refuse_change();
create trigger export_record_is_not_truncated before truncate on export_record
    for each statement execute function refuse_change();

alter table export_record enable row level security;
alter table export_record force row level security;
create policy stated on export_record
    using (partnership_id = stated_partnership() and (reaches_partnership() or agency_id = any (stated_agencies())))
    with check (partnership_id = stated_partnership() and
        case when agency_id is null then reaches_partnership() else agency_id = any (stated_agencies()) end);
grant select, insert on export_record to escalation_app;
