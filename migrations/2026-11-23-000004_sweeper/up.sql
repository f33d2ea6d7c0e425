-- What comes due by itself: computed when a clock starts, fired once when its time has come. Firing ends nothing.

create table timer (
    partnership_id uuid not null,
    id uuid not null,
    escalation_id uuid not null,
    clock_id uuid not null,
    kind text not null check (kind in ('warning', 'overdue', 'choice', 'pause_ended')),
    percent smallint check (percent between 1 and 99),
    fires_at timestamptz not null,
    fired_at timestamptz,
    result text check (result in ('fired', 'void')),
    notice text check (notice in ('warning', 'overdue', 'advanced', 'review_flag', 'pause_ended')),
    told text[],
    tell_at timestamptz,
    primary key (partnership_id, id),
    unique nulls not distinct (partnership_id, clock_id, kind, percent),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, clock_id) references stage_clock (partnership_id, id),
    check ((kind = 'warning') = (percent is not null)),
    check ((fired_at is null) = (result is null)),
    -- Nothing fires early, and nobody is told before it fired.
    check (fired_at >= fires_at),
    check (tell_at >= fired_at),
    check (num_nonnulls(notice, told, tell_at) = case when result = 'fired' then 3 else 0 end),
    check (notice is null or kind = notice or (kind = 'choice' and notice in ('advanced', 'review_flag')))
);
create index timer_escalation on timer (partnership_id, escalation_id);
create index timer_due on timer (partnership_id, fires_at, id) where fired_at is null;
create index timer_told on timer (partnership_id, tell_at, id) where result = 'fired';
comment on column timer.told is 'Codes of the roles that are told, as they stood when it fired.';
comment on column timer.tell_at is 'When they are told: at once, or when quiet hours are over.';

create function refuse_timer_change() returns trigger language plpgsql as $$
begin
    if old.fired_at is not null
        or (new.partnership_id, new.id, new.escalation_id, new.clock_id, new.kind, new.percent, new.fires_at)
        is distinct from
           (old.partnership_id, old.id, old.escalation_id, old.clock_id, old.kind, old.percent, old.fires_at)
    then
        raise exception 'a timer only fires, once' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger timer_is_fixed before update on timer
    for each row execute function refuse_timer_change();

alter table timer enable row level security;
alter table timer force row level security;
create policy stated on timer
    using (partnership_id = stated_partnership() and (reaches_partnership() or
           exists (select from escalation e where e.partnership_id = timer.partnership_id and e.id = timer.escalation_id offset 0)))
    with check (partnership_id = stated_partnership() and (reaches_partnership() or
           exists (select from escalation e where e.partnership_id = timer.partnership_id and e.id = timer.escalation_id offset 0)));
grant select, insert on timer to escalation_app;
grant update (fired_at, result, notice, told, tell_at) on timer to escalation_app;

-- One row for each partnership: who sweeps it now, and when that was last done to the end.
create table sweep (
    partnership_id uuid primary key references partnership (id),
    lease_holder uuid,
    lease_until timestamptz,
    last_started_at timestamptz not null,
    last_finished_at timestamptz,
    last_fired int,
    check ((lease_holder is null) = (lease_until is null)),
    check ((last_finished_at is null) = (last_fired is null)),
    check (last_fired >= 0)
);
alter table sweep enable row level security;
alter table sweep force row level security;
create policy stated on sweep
    using (partnership_id = stated_partnership()) with check (partnership_id = stated_partnership());
grant select, insert on sweep to escalation_app;
grant update (lease_holder, lease_until, last_started_at, last_finished_at, last_fired) on sweep to escalation_app;

do $$
begin
    execute format('create policy directory on timer for select to %I using (true)', current_user);
    execute format('create policy directory on sweep for select to %I using (true)', current_user);
end
$$;

-- Two more ways past row security, for the sweeper and for whoever watches it: which partnerships there are, and how
-- far sweeping has come over all of them. They tell nothing of any escalation.
create function partnerships_to_sweep() returns setof uuid
    language sql stable security definer set search_path = pg_catalog, public
    as $$ select p.id from public.partnership p order by p.id $$;

-- `swept_until`: the partnership that was swept longest ago; one that never was counts from when it was made.
create function sweep_state(at timestamptz)
    returns table (swept_until timestamptz, waiting bigint, oldest_waiting timestamptz)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select (select min(coalesce(s.last_finished_at, p.created_at))
                from public.partnership p left join public.sweep s on s.partnership_id = p.id),
               count(*), min(t.fires_at)
        from public.timer t
        where t.fired_at is null and t.fires_at <= at
    $$;

revoke all on function partnerships_to_sweep(), sweep_state(timestamptz) from public;
grant execute on function partnerships_to_sweep(), sweep_state(timestamptz) to escalation_app;
