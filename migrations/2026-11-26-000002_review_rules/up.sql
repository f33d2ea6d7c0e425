-- What people decided about the weekly review: changes at which what is usual begins anew, and its settings.

-- A person's statement that the work changed on purpose.
create table rebase (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    charts text[] not null check (cardinality(charts) between 1 and 5),
    -- The Monday of the first week of what is usual now.
    first_week date not null check (extract(isodow from first_week) = 1),
    reason text not null check (char_length(reason) between 1 and 500),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id)
);
create index rebase_client on rebase (partnership_id, recorded_by_client_id);

-- That such a statement no longer holds. It stays readable.
create table rebase_withdrawal (
    partnership_id uuid not null references partnership (id),
    rebase_id uuid not null,
    reason text not null check (char_length(reason) between 1 and 500),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, rebase_id),
    foreign key (partnership_id, rebase_id) references rebase (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id)
);
create index rebase_withdrawal_client on rebase_withdrawal (partnership_id, recorded_by_client_id);

-- Targets and how charts are computed, from a week on. Every version stays.
create table review_setting (
    partnership_id uuid not null references partnership (id),
    version integer not null check (version >= 1),
    -- The Monday of the first week for whose review it is meant.
    effective_from date not null check (extract(isodow from effective_from) = 1),
    target_in_time double precision not null check (target_in_time > 0 and target_in_time <= 1),
    target_days double precision not null check (target_days > 0 and target_days <= 260),
    lock_after integer not null check (lock_after between 12 and 104),
    enough_points integer not null check (enough_points between 8 and 52),
    run_length integer not null check (run_length between 6 and 8),
    screen_outliers boolean not null,
    rules text[] not null check (cardinality(rules) between 1 and 4),
    reason text not null check (char_length(reason) between 1 and 500),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, version),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id)
);
create index review_setting_client on review_setting (partnership_id, recorded_by_client_id);

do $$
declare
    name text;
begin
    foreach name in array array['rebase', 'rebase_withdrawal', 'review_setting']
    loop
        execute format(
            'create trigger %1$s_is_append_only before update or delete on %1$s '
            'for each row execute function refuse_change()', name);
        execute format(
            'create trigger %1$s_is_not_truncated before truncate on %1$s '
            'for each statement execute function refuse_change()', name);
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy stated on %I '
            'using (partnership_id = stated_partnership() and reaches_partnership()) '
            'with check (partnership_id = stated_partnership() and reaches_partnership())', name);
        execute format('grant select, insert on %I to escalation_app', name);
    end loop;
end
$$;
