-- For analysts: views with comments that keep their columns, a role that reads them and nothing else, and tokens with
-- which reports are read over OData.

-- Tokens of reports. What is stored is a hash; that a token no longer holds is a row of its own.
create table report_token (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    client_id uuid not null,
    -- Of 32 random bytes, so that a plain hash cannot be guessed back.
    secret_sha256 bytea not null check (octet_length(secret_sha256) = 32),
    created_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > created_at),
    primary key (partnership_id, id),
    foreign key (partnership_id, client_id) references client (partnership_id, id)
);
create index report_token_client on report_token (partnership_id, client_id);

create table report_token_revocation (
    partnership_id uuid not null references partnership (id),
    token_id uuid not null,
    revoked_at timestamptz not null,
    primary key (partnership_id, token_id),
    foreign key (partnership_id, token_id) references report_token (partnership_id, id)
);

do $$
declare
    named text;
begin
    foreach named in array array['report_token', 'report_token_revocation'] loop
        execute format('create trigger %1$s_is_append_only before update or delete on %1$s
            for each row execute function refuse_change()', named);
        execute format('create trigger %1$s_is_not_truncated before truncate on %1$s
            for each statement execute function refuse_change()', named);
        execute format('alter table %I enable row level security', named);
        execute format('alter table %I force row level security', named);
        execute format('create policy stated on %I
            using (partnership_id = stated_partnership() and reaches_partnership())
            with check (partnership_id = stated_partnership() and reaches_partnership())', named);
        -- The owner finds a token for the function below, and only there.
        execute format('create policy directory on %I for select to %I using (true)', named, current_user);
        execute format('grant select, insert on %I to escalation_app', named);
    end loop;
end
$$;

create function find_report_token(wanted uuid)
    returns table (partnership_id uuid, issuer text, client_id text, secret_sha256 bytea, expires_at timestamptz,
                   revoked boolean)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select t.partnership_id, c.issuer, c.client_id, t.secret_sha256, t.expires_at,
               exists (select from public.report_token_revocation r
                       where r.partnership_id = t.partnership_id and r.token_id = t.id)
        from public.report_token t
        join public.client c on c.partnership_id = t.partnership_id and c.id = t.client_id
        where t.id = wanted
    $$;
revoke all on function find_report_token(uuid) from public;
grant execute on function find_report_token(uuid) to escalation_app;

-- Roles belong to the server, where other databases use them too. Two that migrate at once both try.
do $$
begin
    if not exists (select from pg_roles where rolname = 'reporting_ro') then
        create role reporting_ro nologin nosuperuser nocreatedb nocreaterole nobypassrls;
        alter role reporting_ro set default_transaction_read_only = on;
        alter role reporting_ro set statement_timeout = '60s';
    end if;
exception when duplicate_object or unique_violation then
    null;
end
$$;

-- Whose rows a reader of the views sees: those of the partnership that the session states, when the reader may state
-- it. A setting anybody can change, so the service must reach the whole partnership, and a login must be a member of
-- the role `reporting_<code of the partnership>`, which only an administrator can make it.
create function reported_partnership() returns uuid
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select p.id
        from public.partnership p
        where p.id = public.stated_partnership()
          and ((public.reaches_partnership() and pg_has_role(session_user, 'escalation_app', 'usage'))
               or pg_has_role(session_user, to_regrole('reporting_' || lower(p.code)), 'usage'))
    $$;
revoke all on function reported_partnership() from public;
grant execute on function reported_partnership() to escalation_app, reporting_ro;

-- Views work with the rights of their owner. Row security is forced on the owner too, and this lets it see what the
-- reader may; each view asks once more, because an owner that is a superuser has no row security.
do $$
declare
    named text;
begin
    foreach named in array array['agency', 'theme', 'calendar', 'calendar_day', 'escalation', 'escalation_child',
        'delay', 'episode', 'stage_clock', 'figure_exclusion', 'practice_record', 'heartbeat', 'feed_agreement',
        'nil_return', 'review_action', 'review_action_state', 'review_learning', 'review_learning_result',
        'review_sign_off']
    loop
        execute format('create policy reported on %I for select to %I
            using (partnership_id = (select reported_partnership()))', named, current_user);
    end loop;
end
$$;

create schema reporting_v1;
comment on schema reporting_v1 is 'What analysts read. Columns are only added at the end; another meaning or name is another schema.';

-- Reference ------------------------------------------------------------------------------------------------------------

create view reporting_v1.reference_referral_source as
    select code, label, 'CIN census 2024, referralsourcetype'::text as list,
           'Department for Education, CIN_schema_2024.xsd'::text as source
    from (values
        ('1A', 'Individual: family member, relative or carer'),
        ('1B', 'Individual: acquaintance'),
        ('1C', 'Individual: self'),
        ('1D', 'Individual: other'),
        ('2A', 'Schools'),
        ('2B', 'Education services'),
        ('3A', 'Health services: general practitioner'),
        ('3B', 'Health services: health visitor'),
        ('3C', 'Health services: school nurse'),
        ('3D', 'Health services: other primary health services'),
        ('3E', 'Health services: accident and emergency'),
        ('3F', 'Health services: other'),
        ('4', 'Housing'),
        ('5A', 'Local authority services: adult social care'),
        ('5B', 'Local authority services: other internal'),
        ('5C', 'Local authority services: external'),
        ('5D', 'Local authority services: early help'),
        ('6', 'Police'),
        ('7', 'Other legal agency: courts, probation, immigration, Cafcass, prison'),
        ('8', 'Other: children''s centres, independent agencies, voluntary organisations'),
        ('9', 'Anonymous'),
        ('10', 'Unknown')) as known (code, label);
comment on view reporting_v1.reference_referral_source is 'Codes by which the children in need census says who referred, one row each. The same in every partnership.';
comment on column reporting_v1.reference_referral_source.code is 'The code of the census.';
comment on column reporting_v1.reference_referral_source.label is 'Its meaning, shortened.';
comment on column reporting_v1.reference_referral_source.list is 'The list and its year.';
comment on column reporting_v1.reference_referral_source.source is 'Who publishes the list, and where it stands.';

create view reporting_v1.reference_agency as
    select a.code as agency, a.name, a.agency_type,
           case a.agency_type
               when 'la_childrens_services' then '5B' when 'team' then '5B' when 'early_help' then '5D'
               when 'police' then '6'
               when 'health_gp' then '3A' when 'health_commissioner' then '3F' when 'health_provider' then '3F'
               when 'ambulance' then '3F'
               when 'education' then '2A' when 'housing' then '4'
               when 'adult_social_care' then '5A' when 'public_health' then '5B' when 'youth_justice' then '5B'
               when 'probation' then '7' when 'cafcass' then '7'
               when 'voluntary' then '8' when 'fire' then '8'
           end as referral_source_code,
           a.may_raise, a.may_respond, a.valid_from, a.valid_to, s.code as successor
    from public.agency a
    left join public.agency s on s.partnership_id = a.partnership_id and s.id = a.successor_id
    where a.partnership_id = (select public.reported_partnership());
comment on view reporting_v1.reference_agency is 'Agencies of the partnership, one row each.';
comment on column reporting_v1.reference_agency.agency is 'The agency''s code. Other views name agencies by it.';
comment on column reporting_v1.reference_agency.name is 'Its name.';
comment on column reporting_v1.reference_agency.agency_type is 'What kind of agency it is.';
comment on column reporting_v1.reference_agency.referral_source_code is 'The code of the children in need census that agencies of its kind come nearest to. Empty for those that oversee.';
comment on column reporting_v1.reference_agency.may_raise is 'Whether it may raise escalations.';
comment on column reporting_v1.reference_agency.may_respond is 'Whether escalations can be raised with it.';
comment on column reporting_v1.reference_agency.valid_from is 'The first day on which it takes part.';
comment on column reporting_v1.reference_agency.valid_to is 'The last day on which it takes part; empty while it does.';
comment on column reporting_v1.reference_agency.successor is 'Code of the agency that took over its duties.';

create view reporting_v1.reference_theme as
    select t.code as theme, t.label, t.description, t.group_code as theme_group, t.group_label as theme_group_label,
           t.position, t.valid_from, t.valid_to
    from public.theme t
    where t.partnership_id = (select public.reported_partnership());
comment on view reporting_v1.reference_theme is 'Themes of escalations, one row each.';
comment on column reporting_v1.reference_theme.theme is 'The theme''s code. Other views name themes by it.';
comment on column reporting_v1.reference_theme.label is 'Its name.';
comment on column reporting_v1.reference_theme.description is 'What belongs to it.';
comment on column reporting_v1.reference_theme.theme_group is 'Code of the group of themes to which it belongs.';
comment on column reporting_v1.reference_theme.theme_group_label is 'Name of that group.';
comment on column reporting_v1.reference_theme.position is 'Its place in the order in which themes are shown.';
comment on column reporting_v1.reference_theme.valid_from is 'The first day on which it can be chosen.';
comment on column reporting_v1.reference_theme.valid_to is 'The last day on which it can be chosen; empty while it can.';

create view reporting_v1.calendar as
    select day.day, to_char(day.day, 'IYYY-"W"IW') as week, date_trunc('week', day.day)::date as week_starts,
           extract(isodow from day.day)::int as weekday,
           to_char(day.day, 'YYYY-MM') as month,
           extract(year from day.day)::int as year,
           'Q' || extract(quarter from day.day) as quarter,
           case when extract(month from day.day) >= 4 then extract(year from day.day)::int
                else extract(year from day.day)::int - 1 end as fiscal_year,
           extract(isodow from day.day) >= 6 as is_weekend,
           holiday.day is not null as is_bank_holiday,
           holiday.name as bank_holiday,
           extract(isodow from day.day) < 6 and holiday.day is null as is_working_day,
           used.version as calendar_version
    from (select c.partnership_id, c.version, c.first_year, c.last_year
          from public.calendar c
          where c.partnership_id = (select public.reported_partnership())
          order by c.loaded_at desc, c.version desc
          limit 1) used
    cross join lateral (
        select at::date as day
        from generate_series(make_date(used.first_year, 1, 1)::timestamp, make_date(used.last_year, 12, 31)::timestamp,
                             interval '1 day') at) day
    left join public.calendar_day holiday
        on holiday.partnership_id = used.partnership_id and holiday.version = used.version and holiday.day = day.day;
comment on view reporting_v1.calendar is 'Days of the calendar by which new limits are counted, one row each. School terms are not held.';
comment on column reporting_v1.calendar.day is 'The day, in Europe/London.';
comment on column reporting_v1.calendar.week is 'Its ISO week, for example 2026-W47.';
comment on column reporting_v1.calendar.week_starts is 'The Monday of that week.';
comment on column reporting_v1.calendar.weekday is 'The day of the week, from 1 for Monday to 7.';
comment on column reporting_v1.calendar.month is 'The month, for example 2026-11.';
comment on column reporting_v1.calendar.year is 'The year by the calendar, which at its turn is not the year of the ISO week.';
comment on column reporting_v1.calendar.quarter is 'The quarter of that year, from Q1 to Q4.';
comment on column reporting_v1.calendar.fiscal_year is 'The year in which the fiscal year began, on 1 April.';
comment on column reporting_v1.calendar.is_weekend is 'Whether it is a Saturday or Sunday.';
comment on column reporting_v1.calendar.is_bank_holiday is 'Whether it is a bank holiday.';
comment on column reporting_v1.calendar.bank_holiday is 'The name of the bank holiday.';
comment on column reporting_v1.calendar.is_working_day is 'Whether it counts as a working day.';
comment on column reporting_v1.calendar.calendar_version is 'The version of the calendar that says so.';

-- Escalations ----------------------------------------------------------------------------------------------------------

create view reporting_v1.escalation as
    select e.id as escalation_id, e.reference, e.scope, e.status, e.stage::int as stage, e.urgency,
           e.theme_code as theme, t.group_code as theme_group,
           rb.code as raised_by_agency, rw.code as raised_with_agency,
           e.raised_at, to_char(e.raised_at at time zone 'Europe/London', 'IYYY-"W"IW') as raised_week,
           case when extract(month from e.raised_at at time zone 'Europe/London') >= 4
                then extract(year from e.raised_at at time zone 'Europe/London')::int
                else extract(year from e.raised_at at time zone 'Europe/London')::int - 1 end as fiscal_year,
           e.received_at, e.received_at > e.raised_at + interval '120 hours' as received_late,
           e.concern_arose_at, e.child_count, e.policy_version,
           d.timescale_code as delayed_process, d.started_at as delay_started_at, d.due_at as delay_due_at,
           d.occurred_at as delay_occurred_at,
           e.episode::int as episodes, it.ended_at, it.outcome, it.counts_as_resolved,
           e.next_due_at, e.next_due_kind, coalesce(e.next_due_at < now(), false) as past_due, e.changed_at,
           not (e.status in ('resolved', 'withdrawn') and exists (
               select from public.figure_exclusion step
               where step.partnership_id = e.partnership_id and step.escalation_id = e.id and step.step = 'approved'
                 and step.episode = e.episode and not exists (
                     select from public.figure_exclusion later
                     where later.partnership_id = step.partnership_id and later.escalation_id = step.escalation_id
                       and later.number > step.number and later.step = 'ended'))) as counts_in_figures
    from public.escalation e
    join public.agency rb on rb.partnership_id = e.partnership_id and rb.id = e.raised_by_agency_id
    join public.agency rw on rw.partnership_id = e.partnership_id and rw.id = e.raised_with_agency_id
    join public.theme t on t.partnership_id = e.partnership_id and t.code = e.theme_code
    left join public.delay d on d.partnership_id = e.partnership_id and d.escalation_id = e.id
    left join public.episode it
        on it.partnership_id = e.partnership_id and it.escalation_id = e.id and it.number = e.episode
    where e.partnership_id = (select public.reported_partnership());
comment on view reporting_v1.escalation is 'Escalations as they stand, one row each, without child, text or person.';
comment on column reporting_v1.escalation.escalation_id is 'Its identifier.';
comment on column reporting_v1.escalation.reference is 'The reference that is safe to say aloud.';
comment on column reporting_v1.escalation.scope is 'Between agencies, inside one, or about a theme without a child.';
comment on column reporting_v1.escalation.status is 'Where it stands.';
comment on column reporting_v1.escalation.stage is 'The stage that it reached.';
comment on column reporting_v1.escalation.urgency is 'How urgent it is.';
comment on column reporting_v1.escalation.theme is 'Code of its primary theme.';
comment on column reporting_v1.escalation.theme_group is 'Code of the group of that theme.';
comment on column reporting_v1.escalation.raised_by_agency is 'Code of the agency that raised it. Agencies that must answer may not be told this: keep it out of what you give them.';
comment on column reporting_v1.escalation.raised_with_agency is 'Code of the agency that must answer.';
comment on column reporting_v1.escalation.raised_at is 'When it was raised.';
comment on column reporting_v1.escalation.raised_week is 'The ISO week of that, in Europe/London.';
comment on column reporting_v1.escalation.fiscal_year is 'The year in which the fiscal year of that began, on 1 April.';
comment on column reporting_v1.escalation.received_at is 'When the service received it.';
comment on column reporting_v1.escalation.received_late is 'Whether that was more than 5 times 24 hours after it was raised.';
comment on column reporting_v1.escalation.concern_arose_at is 'When the concern arose, where that was said.';
comment on column reporting_v1.escalation.child_count is 'How many children it concerns.';
comment on column reporting_v1.escalation.policy_version is 'The version of the stage policy under which it runs.';
comment on column reporting_v1.escalation.delayed_process is 'Code of the process of the child''s that was delayed, where one was named.';
comment on column reporting_v1.escalation.delay_started_at is 'When the limit of that process began.';
comment on column reporting_v1.escalation.delay_due_at is 'When that process was due.';
comment on column reporting_v1.escalation.delay_occurred_at is 'When it took place.';
comment on column reporting_v1.escalation.episodes is 'How often it was opened; more than 1 when it was opened again.';
comment on column reporting_v1.escalation.ended_at is 'When its latest episode ended; empty while it is open.';
comment on column reporting_v1.escalation.outcome is 'Code of how that episode ended.';
comment on column reporting_v1.escalation.counts_as_resolved is 'Whether that outcome settles the matter.';
comment on column reporting_v1.escalation.next_due_at is 'When its next running clock is due.';
comment on column reporting_v1.escalation.next_due_kind is 'What that clock waits for.';
comment on column reporting_v1.escalation.past_due is 'Whether that is over, at the time of the question.';
comment on column reporting_v1.escalation.changed_at is 'When its state last changed.';
comment on column reporting_v1.escalation.counts_in_figures is 'False where two people decided that it is left out of the figures.';

create view reporting_v1.episode as
    select it.escalation_id || '/' || it.number as row_id, it.escalation_id, it.number::int as number,
           e.theme, e.theme_group, e.raised_by_agency, e.raised_with_agency, e.urgency,
           it.opened_at, to_char(it.opened_at at time zone 'Europe/London', 'IYYY-"W"IW') as opened_week,
           it.ended_at, to_char(it.ended_at at time zone 'Europe/London', 'IYYY-"W"IW') as ended_week,
           it.outcome, it.counts_as_resolved, it.same_day, it.child_outcome, it.delay_effect,
           it.working_seconds / 86400.0 as working_days, it.child_seconds / 86400.0 as child_days,
           it.feedback_at, it.learning_type, it.impact_result, it.impact_checked_at, e.counts_in_figures
    from public.episode it
    join reporting_v1.escalation e on e.escalation_id = it.escalation_id
    where it.partnership_id = (select public.reported_partnership());
comment on view reporting_v1.episode is 'Episodes, one row each: opening to end is one, and opening again begins another. Figures of what is open, ended and resolved count these.';
comment on column reporting_v1.episode.row_id is 'Identifier of the escalation and number of the episode.';
comment on column reporting_v1.episode.escalation_id is 'The escalation.';
comment on column reporting_v1.episode.number is 'The number of the episode, from 1; later ones began with a reopening.';
comment on column reporting_v1.episode.theme is 'Code of the escalation''s primary theme.';
comment on column reporting_v1.episode.theme_group is 'Code of the group of that theme.';
comment on column reporting_v1.episode.raised_by_agency is 'Code of the agency that raised.';
comment on column reporting_v1.episode.raised_with_agency is 'Code of the agency that must answer.';
comment on column reporting_v1.episode.urgency is 'How urgent the escalation is.';
comment on column reporting_v1.episode.opened_at is 'When it was opened.';
comment on column reporting_v1.episode.opened_week is 'The ISO week of that, in Europe/London.';
comment on column reporting_v1.episode.ended_at is 'When it ended; empty while it is open.';
comment on column reporting_v1.episode.ended_week is 'The ISO week of that, in Europe/London.';
comment on column reporting_v1.episode.outcome is 'Code of how it ended.';
comment on column reporting_v1.episode.counts_as_resolved is 'Whether that outcome settles the matter.';
comment on column reporting_v1.episode.same_day is 'Whether it ended on the local date on which it was opened.';
comment on column reporting_v1.episode.child_outcome is 'Code of what it came to for the child.';
comment on column reporting_v1.episode.delay_effect is 'Code of what the delay did.';
comment on column reporting_v1.episode.working_days is 'Working days, with fractions, from opening to end.';
comment on column reporting_v1.episode.child_days is 'Days of 24 hours, with fractions, for which the child had waited by the end.';
comment on column reporting_v1.episode.feedback_at is 'When the raiser was told what came of it.';
comment on column reporting_v1.episode.learning_type is 'Code of what kind of learning was recorded.';
comment on column reporting_v1.episode.impact_result is 'Code of whether the child was better off when that was checked.';
comment on column reporting_v1.episode.impact_checked_at is 'When that was checked.';
comment on column reporting_v1.episode.counts_in_figures is 'False where two people decided that the escalation is left out of the figures.';

create view reporting_v1.escalation_stage as
    select c.escalation_id || '/' || c.episode || '/' || c.stage as row_id, c.escalation_id,
           c.episode::int as episode, c.stage::int as stage, min(c.started_at) as entered_at,
           (array_agg(c.due_at order by c.position desc) filter (where c.kind = 'answer'))[1] as answer_due_at,
           (array_agg(c.stopped_at order by c.position desc) filter (where c.kind = 'answer'))[1] as stopped_at,
           (array_agg(c.stop_reason order by c.position desc) filter (where c.kind = 'answer'))[1] as stop_reason,
           (count(*) filter (where c.kind = 'answer' and (c.stopped_at is null or c.stopped_at > c.due_at
               or c.stop_reason in ('answered', 'acknowledged'))))::int as answers_due,
           (count(*) filter (where c.kind = 'answer' and c.stop_reason in ('answered', 'acknowledged')
               and c.stopped_at <= c.due_at))::int as answers_in_time
    from public.stage_clock c
    where c.partnership_id = (select public.reported_partnership())
      and c.kind in ('acknowledgement', 'answer')
    group by c.escalation_id, c.episode, c.stage;
comment on view reporting_v1.escalation_stage is 'Stages that escalations went through, one row for each stage of an episode.';
comment on column reporting_v1.escalation_stage.row_id is 'Identifier of the escalation, number of the episode and stage.';
comment on column reporting_v1.escalation_stage.escalation_id is 'The escalation.';
comment on column reporting_v1.escalation_stage.episode is 'The number of the episode.';
comment on column reporting_v1.escalation_stage.stage is 'The stage.';
comment on column reporting_v1.escalation_stage.entered_at is 'When the first clock of the stage started.';
comment on column reporting_v1.escalation_stage.answer_due_at is 'When the last answer awaited in the stage is due. More time and pauses are later clocks, and this is the last.';
comment on column reporting_v1.escalation_stage.stopped_at is 'When that clock stopped; empty while it runs.';
comment on column reporting_v1.escalation_stage.stop_reason is 'Code of why it stopped.';
comment on column reporting_v1.escalation_stage.answers_due is 'How many limits for an answer count in the stage: those that were replaced, or that ended with the matter, before they were due do not. One that runs counts.';
comment on column reporting_v1.escalation_stage.answers_in_time is 'Of these, how many were met by the due instant.';

create view reporting_v1.escalation_child as
    select c.escalation_id || '/' || c.position as row_id, c.escalation_id, e.fiscal_year,
           encode(sha256(c.child_key || convert_to('reporting_v1/' || e.fiscal_year, 'UTF8')), 'hex') as child_key
    from public.escalation_child c
    join reporting_v1.escalation e on e.escalation_id = c.escalation_id
    where c.partnership_id = (select public.reported_partnership());
comment on view reporting_v1.escalation_child is 'Which escalations of a fiscal year are about the same child, one row for each child of an escalation. Pseudonymous, and still personal data.';
comment on column reporting_v1.escalation_child.row_id is 'Identifier of the escalation and the place of the child among its children.';
comment on column reporting_v1.escalation_child.escalation_id is 'The escalation.';
comment on column reporting_v1.escalation_child.fiscal_year is 'The year in which the fiscal year began in which it was raised.';
comment on column reporting_v1.escalation_child.child_key is 'The same for the same child under the same kind of reference within a fiscal year, and another in every other year. It is a hash of a keyed hash, so neither the reference nor another year''s value follows from it.';

-- Weeks ----------------------------------------------------------------------------------------------------------------

create view reporting_v1.weekly_theme_agency as
    with clocked as (
        select c.started_at, c.due_at, c.stopped_at, c.stop_reason, e.theme, e.raised_by_agency, e.raised_with_agency
        from public.stage_clock c
        join reporting_v1.escalation e on e.escalation_id = c.escalation_id
        where c.partnership_id = (select public.reported_partnership()) and c.kind = 'answer' and e.counts_in_figures
    ),
    last_week as (
        select date_trunc('week', greatest(now(), max(e.changed_at)) at time zone 'Europe/London') as starts
        from reporting_v1.escalation e
    ),
    counted as (
        select date_trunc('week', e.raised_at at time zone 'Europe/London') as week_starts, e.theme,
               e.raised_by_agency, e.raised_with_agency,
               case when e.counts_in_figures then 'raised' else 'excluded' end as what, e.received_late as flag
        from reporting_v1.escalation e
        union all
        select date_trunc('week', it.opened_at at time zone 'Europe/London'), it.theme, it.raised_by_agency,
               it.raised_with_agency, 'reopened', false
        from reporting_v1.episode it where it.counts_in_figures and it.number > 1
        union all
        select date_trunc('week', it.ended_at at time zone 'Europe/London'), it.theme, it.raised_by_agency,
               it.raised_with_agency, case when it.counts_as_resolved then 'resolved' else 'ended' end, it.same_day
        from reporting_v1.episode it where it.counts_in_figures and it.ended_at is not null
        union all
        select week_starts, it.theme, it.raised_by_agency, it.raised_with_agency, 'open', false
        from reporting_v1.episode it
        cross join last_week
        cross join lateral generate_series(
            date_trunc('week', it.opened_at at time zone 'Europe/London'),
            coalesce(date_trunc('week', it.ended_at at time zone 'Europe/London') - interval '7 days', last_week.starts),
            interval '7 days') week_starts
        where it.counts_in_figures
        union all
        select week_starts, c.theme, c.raised_by_agency, c.raised_with_agency, 'overdue', false
        from clocked c
        cross join last_week
        cross join lateral generate_series(
            date_trunc('week', greatest(c.started_at, c.due_at) at time zone 'Europe/London'),
            coalesce(date_trunc('week', c.stopped_at at time zone 'Europe/London') - interval '7 days', last_week.starts),
            interval '7 days') week_starts
        union all
        select date_trunc('week', c.due_at at time zone 'Europe/London'), c.theme, c.raised_by_agency,
               c.raised_with_agency, 'due',
               coalesce(c.stop_reason in ('answered', 'acknowledged') and c.stopped_at <= c.due_at, false)
        from clocked c
        cross join last_week
        where (c.stopped_at is null or c.stopped_at > c.due_at or c.stop_reason in ('answered', 'acknowledged'))
          and date_trunc('week', c.due_at at time zone 'Europe/London') <= last_week.starts
    )
    select to_char(week_starts, 'IYYY-"W"IW') || '/' || theme || '/' || raised_by_agency || '/' || raised_with_agency
               as row_id,
           to_char(week_starts, 'IYYY-"W"IW') as week, week_starts::date as week_starts, theme, raised_by_agency,
           raised_with_agency,
           (count(*) filter (where what = 'raised'))::int as raised,
           (count(*) filter (where what = 'raised' and flag))::int as received_late,
           (count(*) filter (where what = 'reopened'))::int as reopened,
           (count(*) filter (where what = 'resolved'))::int as resolved,
           (count(*) filter (where what = 'resolved' and flag))::int as resolved_same_day,
           (count(*) filter (where what in ('resolved', 'ended')))::int as ended,
           (count(*) filter (where what = 'open'))::int as open_at_end,
           (count(*) filter (where what = 'overdue'))::int as overdue_at_end,
           (count(*) filter (where what = 'due'))::int as answers_due,
           (count(*) filter (where what = 'due' and flag))::int as answers_in_time,
           (count(*) filter (where what = 'excluded'))::int as excluded,
           4 as definitions_version
    from counted
    group by week_starts, theme, raised_by_agency, raised_with_agency;
comment on view reporting_v1.weekly_theme_agency is 'The weekly figures, one row for each week, theme, agency that raised and agency that must answer, where any of them is not nought. Weeks are those of Europe/London. The figures of a week, theme or agency are the sums of its rows.';
comment on column reporting_v1.weekly_theme_agency.row_id is 'Week, theme, raising and responding agency.';
comment on column reporting_v1.weekly_theme_agency.week is 'The ISO week, for example 2026-W47.';
comment on column reporting_v1.weekly_theme_agency.week_starts is 'Its Monday.';
comment on column reporting_v1.weekly_theme_agency.theme is 'Code of the primary theme.';
comment on column reporting_v1.weekly_theme_agency.raised_by_agency is 'Code of the agency that raised.';
comment on column reporting_v1.weekly_theme_agency.raised_with_agency is 'Code of the agency that must answer.';
comment on column reporting_v1.weekly_theme_agency.raised is 'Escalations raised in the week. Neither more nor fewer is good in itself.';
comment on column reporting_v1.weekly_theme_agency.received_late is 'Of these, received more than 5 times 24 hours later.';
comment on column reporting_v1.weekly_theme_agency.reopened is 'Opened again in the week.';
comment on column reporting_v1.weekly_theme_agency.resolved is 'Episodes that ended in the week with an outcome that settles the matter.';
comment on column reporting_v1.weekly_theme_agency.resolved_same_day is 'Of these, ended on the local date on which they were opened.';
comment on column reporting_v1.weekly_theme_agency.ended is 'Episodes that ended in the week with any outcome.';
comment on column reporting_v1.weekly_theme_agency.open_at_end is 'Episodes that were open when the week ended.';
comment on column reporting_v1.weekly_theme_agency.overdue_at_end is 'Open when the week ended, with an answer that was due before its end.';
comment on column reporting_v1.weekly_theme_agency.answers_due is 'Answers that fell due in the week.';
comment on column reporting_v1.weekly_theme_agency.answers_in_time is 'Of these, given by the due instant.';
comment on column reporting_v1.weekly_theme_agency.excluded is 'Raised in the week and left out of every other figure, as two people decided.';
comment on column reporting_v1.weekly_theme_agency.definitions_version is 'The version of the definitions by which it was counted.';

create view reporting_v1.weekly_measure as
    with weekly as (
        select w.week_starts, sum(raised) as raised, sum(received_late) as received_late, sum(reopened) as reopened,
               sum(resolved) as resolved, sum(resolved_same_day) as resolved_same_day, sum(ended) as ended,
               sum(open_at_end) as open_at_end, sum(overdue_at_end) as overdue_at_end,
               sum(answers_due) as answers_due, sum(answers_in_time) as answers_in_time, sum(excluded) as excluded
        from reporting_v1.weekly_theme_agency w
        group by 1
    ),
    timed as (
        select date_trunc('week', it.ended_at at time zone 'Europe/London')::date as week_starts,
               percentile_cont(0.5) within group (order by it.working_days::float8) as working_50,
               percentile_cont(0.9) within group (order by it.working_days::float8) as working_90,
               percentile_cont(0.5) within group (order by it.child_days::float8) as child_50,
               percentile_cont(0.9) within group (order by it.child_days::float8) as child_90
        from reporting_v1.episode it
        where it.counts_as_resolved and it.counts_in_figures
        group by 1
    ),
    beside as (
        select date_trunc('week', p.occurred_at at time zone 'Europe/London')::date as week_starts,
               count(*) filter (where p.kind = 'informal_resolution') as informal_resolutions,
               count(*) filter (where p.kind = 'commendation') as commendations
        from public.practice_record p
        where p.partnership_id = (select public.reported_partnership())
        group by 1
    ),
    week as (
        select at::date as week_starts
        from (select min(week_starts) as first, max(week_starts) as last from weekly) known
        cross join lateral generate_series(known.first::timestamp, known.last::timestamp, interval '7 days') at
    ),
    signed as (
        select s.week, s.pack::jsonb as pack
        from public.review_sign_off s
        where s.partnership_id = (select public.reported_partnership())
        order by s.week desc, s.version desc
        limit 1
    ),
    charted as (
        select case chart.name when 'raised' then 'raised' else 'working_days_to_resolve' end as measure,
               point ->> 'week' as week, (point ->> 'centre')::numeric as centre, (point ->> 'lower')::numeric as lower,
               (point ->> 'upper')::numeric as upper, point ->> 'variation' as variation,
               to_char(signed.week, 'IYYY-"W"IW') as charted_in
        from signed
        cross join (values ('raised'), ('median_days')) as chart (name)
        cross join lateral jsonb_array_elements(coalesce(signed.pack -> chart.name -> 'points', '[]')) point
    ),
    measured as (
        select week.week_starts, m.measure, m.value, m.p90, m.cases
        from week
        left join weekly w on w.week_starts = week.week_starts
        left join timed t on t.week_starts = week.week_starts
        left join beside b on b.week_starts = week.week_starts
        cross join lateral (values
            ('raised', coalesce(w.raised, 0)::numeric, null::numeric, null::bigint),
            ('reopened', coalesce(w.reopened, 0), null, null),
            ('resolved', coalesce(w.resolved, 0), null, null),
            ('ended', coalesce(w.ended, 0), null, null),
            ('open_at_end', coalesce(w.open_at_end, 0), null, null),
            ('overdue_at_end', coalesce(w.overdue_at_end, 0), null, null),
            ('answered_in_time', w.answers_in_time::numeric / nullif(w.answers_due, 0), null,
                coalesce(w.answers_due, 0)),
            ('working_days_to_resolve', case when w.resolved >= 5 then t.working_50 end::numeric,
                case when w.resolved >= 10 then t.working_90 end::numeric, coalesce(w.resolved, 0)),
            ('child_days_to_resolve', case when w.resolved >= 5 then t.child_50 end::numeric,
                case when w.resolved >= 10 then t.child_90 end::numeric, coalesce(w.resolved, 0)),
            ('resolved_same_day', coalesce(w.resolved_same_day, 0), null, coalesce(w.resolved, 0)),
            ('received_late', coalesce(w.received_late, 0), null, coalesce(w.raised, 0)),
            ('excluded', coalesce(w.excluded, 0), null, null),
            ('informal_resolutions', coalesce(b.informal_resolutions, 0), null, null),
            ('commendations', coalesce(b.commendations, 0), null, null)) as m (measure, value, p90, cases)
    )
    select to_char(m.week_starts, 'IYYY-"W"IW') || '/' || m.measure as row_id,
           to_char(m.week_starts, 'IYYY-"W"IW') as week, m.week_starts, m.measure, m.value, m.p90,
           m.cases::int as cases, c.centre, c.lower, c.upper, c.variation, c.charted_in, 4 as definitions_version
    from measured m
    left join charted c on c.measure = m.measure and c.week = to_char(m.week_starts, 'IYYY-"W"IW');
comment on view reporting_v1.weekly_measure is 'The weekly measures of the whole partnership, one row for each week and measure, from the first week with an escalation to the present one.';
comment on column reporting_v1.weekly_measure.row_id is 'Week and measure.';
comment on column reporting_v1.weekly_measure.week is 'The ISO week, for example 2026-W47.';
comment on column reporting_v1.weekly_measure.week_starts is 'Its Monday.';
comment on column reporting_v1.weekly_measure.measure is 'The measure, by the names and definitions of GET /v1/themes/weekly.';
comment on column reporting_v1.weekly_measure.value is 'Its value: a count, a share from 0 to 1, or a median in days. Empty where there is none, a median below 5 cases.';
comment on column reporting_v1.weekly_measure.p90 is 'The 90th percentile of the times to resolve, from 10 cases on.';
comment on column reporting_v1.weekly_measure.cases is 'What a share or a median is taken of.';
comment on column reporting_v1.weekly_measure.centre is 'The average of the chart in the review signed last, for the measures that it charts. What is usual is computed when a review is made, and never here.';
comment on column reporting_v1.weekly_measure.lower is 'The lower limit of that chart.';
comment on column reporting_v1.weekly_measure.upper is 'The upper limit of that chart.';
comment on column reporting_v1.weekly_measure.variation is 'How the week stood in that chart: a signal or usual variation.';
comment on column reporting_v1.weekly_measure.charted_in is 'The week of the review whose chart that is.';
comment on column reporting_v1.weekly_measure.definitions_version is 'The version of the definitions by which it was counted.';

-- Reviews --------------------------------------------------------------------------------------------------------------

create view reporting_v1.agency_feed as
    select a.code as agency,
           (select to_timestamp(max(h.hour) * 3600) from public.heartbeat h
            where h.partnership_id = a.partnership_id and h.agency_id = a.id) as last_heartbeat_at,
           (select max(e.raised_at) from public.escalation e
            where e.partnership_id = a.partnership_id and e.raised_by_agency_id = a.id) as last_raised_at,
           (select max(n.week) from public.nil_return n
            where n.partnership_id = a.partnership_id and n.agency_id = a.id) as last_nil_return_week_starts,
           (select f.every_hours from public.feed_agreement f
            where f.partnership_id = a.partnership_id and f.agency_id = a.id
            order by f.version desc limit 1) as agreed_every_hours
    from public.agency a
    where a.partnership_id = (select public.reported_partnership());
comment on view reporting_v1.agency_feed is 'When each agency was last heard, one row for each agency. Whether that is silence, each review judges.';
comment on column reporting_v1.agency_feed.agency is 'The agency''s code.';
comment on column reporting_v1.agency_feed.last_heartbeat_at is 'The beginning of the last hour in which its system said that it is alive.';
comment on column reporting_v1.agency_feed.last_raised_at is 'When the last escalation was raised that it raised.';
comment on column reporting_v1.agency_feed.last_nil_return_week_starts is 'The Monday of the last week for which it said that it had nothing to raise.';
comment on column reporting_v1.agency_feed.agreed_every_hours is 'The longest time in hours between two contacts that it agreed to; empty where it agreed to none.';

create view reporting_v1.review as
    select to_char(s.week, 'IYYY-"W"IW') || '/' || s.version as row_id, to_char(s.week, 'IYYY-"W"IW') as week,
           s.week as week_starts, s.version,
           s.version = max(s.version) over (partition by s.week) as is_latest,
           s.signed_at, s.signed_by_role, s.as_deputy, s.data_to, s.sha256, s.definitions_version, s.reason,
           s.next_meeting_on
    from public.review_sign_off s
    where s.partnership_id = (select public.reported_partnership());
comment on view reporting_v1.review is 'Signed reviews, one row for each signing of a week.';
comment on column reporting_v1.review.row_id is 'Week and version.';
comment on column reporting_v1.review.week is 'The ISO week.';
comment on column reporting_v1.review.week_starts is 'Its Monday.';
comment on column reporting_v1.review.version is 'Which signing of the week it is, from 1.';
comment on column reporting_v1.review.is_latest is 'Whether the week was not signed again since.';
comment on column reporting_v1.review.signed_at is 'When it was signed.';
comment on column reporting_v1.review.signed_by_role is 'The role of who signed.';
comment on column reporting_v1.review.as_deputy is 'Whether that was for the Director.';
comment on column reporting_v1.review.data_to is 'What had been recorded by then is in it.';
comment on column reporting_v1.review.sha256 is 'SHA-256 of the signed text, in hexadecimal.';
comment on column reporting_v1.review.definitions_version is 'The version of the definitions of its figures.';
comment on column reporting_v1.review.reason is 'Why it was signed again.';
comment on column reporting_v1.review.next_meeting_on is 'The day of the next meeting, where that was said.';

create view reporting_v1.action as
    select a.id as action_id, to_char(a.week, 'IYYY-"W"IW') as week, a.week as week_starts, a.title,
           o.code as owner_agency, a.owner_role, a.plan_reference, a.learning_id, s.version, s.progress, s.impact,
           s.due_on, s.recorded_at as changed_at
    from public.review_action a
    join public.agency o on o.partnership_id = a.partnership_id and o.id = a.owner_agency_id
    join lateral (
        select * from public.review_action_state s
        where s.partnership_id = a.partnership_id and s.action_id = a.id
        order by s.version desc limit 1) s on true
    where a.partnership_id = (select public.reported_partnership());
comment on view reporting_v1.action is 'Actions that reviews agreed on, as they stand, one row each.';
comment on column reporting_v1.action.action_id is 'Its identifier.';
comment on column reporting_v1.action.week is 'The ISO week in whose review it was agreed.';
comment on column reporting_v1.action.week_starts is 'The Monday of that week.';
comment on column reporting_v1.action.title is 'What is to be done.';
comment on column reporting_v1.action.owner_agency is 'Code of the agency that does it.';
comment on column reporting_v1.action.owner_role is 'The role that does it.';
comment on column reporting_v1.action.plan_reference is 'Where it stands in the partnership''s plan.';
comment on column reporting_v1.action.learning_id is 'The learning that it follows from.';
comment on column reporting_v1.action.version is 'How often it was said how it stands.';
comment on column reporting_v1.action.progress is 'How it goes, in the partnership''s four words.';
comment on column reporting_v1.action.impact is 'The colour of its effect; empty as long as nobody rated it.';
comment on column reporting_v1.action.due_on is 'The day by which it is to be done.';
comment on column reporting_v1.action.changed_at is 'When it was last said how it stands.';

create view reporting_v1.learning as
    select l.id as learning_id, to_char(l.week, 'IYYY-"W"IW') as week, l.week as week_starts, l.body,
           l.theme_code as theme, l.group_code as theme_group, a.code as said_by_agency, l.said_by_role,
           l.plan_reference, l.figure, l.direction, to_char(l.remeasure_week, 'IYYY-"W"IW') as remeasure_week,
           r.result, r.value::numeric as value, r.recorded_at as measured_at
    from public.review_learning l
    join public.agency a on a.partnership_id = l.partnership_id and a.id = l.said_by_agency_id
    left join public.review_learning_result r on r.partnership_id = l.partnership_id and r.learning_id = l.id
    where l.partnership_id = (select public.reported_partnership());
comment on view reporting_v1.learning is 'What reviews learnt, one row each, and whether the figures show that it worked.';
comment on column reporting_v1.learning.learning_id is 'Its identifier.';
comment on column reporting_v1.learning.week is 'The ISO week in whose review it was said.';
comment on column reporting_v1.learning.week_starts is 'The Monday of that week.';
comment on column reporting_v1.learning.body is 'What was learnt.';
comment on column reporting_v1.learning.theme is 'Code of the theme that it is about.';
comment on column reporting_v1.learning.theme_group is 'Code of the group of themes that it is about.';
comment on column reporting_v1.learning.said_by_agency is 'Code of the agency that said it.';
comment on column reporting_v1.learning.said_by_role is 'The role that said it.';
comment on column reporting_v1.learning.plan_reference is 'Where it stands in the partnership''s plan.';
comment on column reporting_v1.learning.figure is 'The figure that is expected to change.';
comment on column reporting_v1.learning.direction is 'Whether it is expected to be higher or lower.';
comment on column reporting_v1.learning.remeasure_week is 'The ISO week in which that is measured.';
comment on column reporting_v1.learning.result is 'What the measurement said; empty before.';
comment on column reporting_v1.learning.value is 'The value that was measured.';
comment on column reporting_v1.learning.measured_at is 'When it was measured.';

-- In the shape of the Standard Safeguarding Dataset --------------------------------------------------------------------

create view reporting_v1.ssd_escalations as
    select e.escalation_id as esca_escalation_id, e.raised_at as esca_raised_datetime,
           rb.referral_source_code as esca_raised_by_source_code,
           rw.referral_source_code as esca_responding_source_code,
           e.theme as esca_theme_code, e.stage as esca_stage, e.next_due_at as esca_due_datetime,
           case when e.counts_as_resolved then e.ended_at end as esca_resolved_datetime,
           case when e.outcome is not null then json_build_object(
               'OUTCOME', e.outcome, 'SETTLES_THE_MATTER', e.counts_as_resolved, 'ENDED_AT', e.ended_at)::text
           end as esca_outcome_json
    from reporting_v1.escalation e
    join reporting_v1.reference_agency rb on rb.agency = e.raised_by_agency
    join reporting_v1.reference_agency rw on rw.agency = e.raised_with_agency;
comment on view reporting_v1.ssd_escalations is 'Escalations in the shape of an object of the Standard Safeguarding Dataset, one row each. Without esca_person_id: the child''s number opens to the two agencies only. Without esca_s47_enquiry_id and esca_icpc_id: the service does not hold them.';
comment on column reporting_v1.ssd_escalations.esca_escalation_id is 'The escalation.';
comment on column reporting_v1.ssd_escalations.esca_raised_datetime is 'When it was raised.';
comment on column reporting_v1.ssd_escalations.esca_raised_by_source_code is 'Code of the children in need census for the kind of agency that raised it.';
comment on column reporting_v1.ssd_escalations.esca_responding_source_code is 'The same for the agency that must answer.';
comment on column reporting_v1.ssd_escalations.esca_theme_code is 'Code of its primary theme.';
comment on column reporting_v1.ssd_escalations.esca_stage is 'The stage that it reached.';
comment on column reporting_v1.ssd_escalations.esca_due_datetime is 'When its next running clock is due.';
comment on column reporting_v1.ssd_escalations.esca_resolved_datetime is 'When it was resolved; empty while it is open, and where it ended without settling the matter.';
comment on column reporting_v1.ssd_escalations.esca_outcome_json is 'How it ended, as JSON: code of the outcome, whether that settles the matter, and when.';

grant usage on schema reporting_v1 to reporting_ro, escalation_app;
grant select on all tables in schema reporting_v1 to reporting_ro, escalation_app;
