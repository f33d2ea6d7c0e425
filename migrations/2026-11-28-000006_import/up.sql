-- Files of escalations, taken in row by row. A row goes the same way as a record that a system sends, and what came of it is
-- written in the same transaction, so that a file that is worked on again after a kill does nothing twice.

create table import_job (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    agency_id uuid not null,
    state text not null check (state in ('queued', 'running', 'succeeded', 'failed')),
    failure text check (failure in ('rows_refused', 'not_allowed')),
    dry_run boolean not null,
    mode text not null check (mode in ('per_row', 'all_or_nothing')),
    format text not null check (format in ('csv', 'ndjson')),
    row_count int not null check (row_count between 0 and 50000),
    column_notes jsonb not null,
    key_hash bytea check (octet_length(key_hash) = 32),
    meaning bytea check (octet_length(meaning) = 32),
    started_at timestamptz,
    finished_at timestamptz,
    emptied_at timestamptz,
    lease_holder uuid,
    lease_until timestamptz,
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, id),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id),
    check ((key_hash is null) = (meaning is null)),
    check ((finished_at is not null) = (state in ('succeeded', 'failed'))),
    check ((failure is not null) = (state = 'failed')),
    check (emptied_at is null or finished_at is not null),
    check ((lease_holder is null) = (lease_until is null))
);
create index import_job_agency on import_job (partnership_id, agency_id);
create unique index import_job_key on import_job (partnership_id, recorded_by_client_id, key_hash);
create index import_job_open on import_job (partnership_id, id) where emptied_at is null;
comment on column import_job.column_notes is 'How the columns of the file were understood. No cell of any row.';
comment on column import_job.meaning is 'Keyed hash of the file and of how it was to be taken in.';
comment on column import_job.emptied_at is 'When the rows as they were sent were removed.';

create table import_row (
    partnership_id uuid not null references partnership (id),
    import_id uuid not null,
    number int not null check (number >= 1),
    line int not null check (line >= 1),
    payload bytea,
    status text check (status in
        ('created', 'updated', 'unchanged', 'stale_ignored', 'rejected', 'duplicate', 'held_back')),
    faults jsonb,
    escalation_id uuid,
    escalation_reference text,
    primary key (partnership_id, import_id, number),
    foreign key (partnership_id, import_id) references import_job (partnership_id, id),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    check ((faults is not null) = (coalesce(status, '') in ('rejected', 'duplicate'))),
    check ((escalation_id is null) = (escalation_reference is null))
);
create index import_row_escalation on import_row (partnership_id, escalation_id);
create index import_row_waiting on import_row (partnership_id, import_id, number) where status is null;
comment on column import_row.payload is 'The row as it was sent, sealed; removed a day after the job ended.';
comment on column import_row.line is 'Where it begins in the file, counted from 1 as an editor does.';

alter table import_job enable row level security;
alter table import_job force row level security;
alter table import_row enable row level security;
alter table import_row force row level security;
-- What an agency is about to send is nobody else's to know, not even those who see the whole partnership.
create policy stated on import_job
    using (partnership_id = stated_partnership() and agency_id = any (stated_agencies()))
    with check (partnership_id = stated_partnership() and agency_id = any (stated_agencies()));
create policy stated on import_row
    using (partnership_id = stated_partnership() and
        exists (select from import_job j where j.partnership_id = import_row.partnership_id
                and j.id = import_row.import_id and j.agency_id = any (stated_agencies()) offset 0))
    with check (partnership_id = stated_partnership() and
        exists (select from import_job j where j.partnership_id = import_row.partnership_id
                and j.id = import_row.import_id and j.agency_id = any (stated_agencies()) offset 0));
grant select, insert on import_job to escalation_app;
grant update (state, failure, started_at, finished_at, emptied_at, lease_holder, lease_until) on import_job to escalation_app;
grant select, insert on import_row to escalation_app;
grant update (payload, status, faults, escalation_id, escalation_reference) on import_row to escalation_app;

do $$
begin
    execute format('create policy directory on import_job for select to %I using (true)', current_user);
end
$$;

-- Which files wait for the service: to be taken in, or to be emptied of what ended by `ended_by`. It tells nothing of any row.
create function imports_to_work(at timestamptz, ended_by timestamptz)
    returns table (partnership_id uuid, agency_id uuid, id uuid, ended boolean)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select j.partnership_id, j.agency_id, j.id, j.finished_at is not null
        from public.import_job j
        where j.emptied_at is null
          and case when j.finished_at is null then j.lease_until is null or j.lease_until < at
                   else j.finished_at <= ended_by end
        order by j.recorded_at, j.id
    $$;
revoke all on function imports_to_work(timestamptz, timestamptz) from public;
grant execute on function imports_to_work(timestamptz, timestamptz) to escalation_app;
