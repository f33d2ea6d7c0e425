-- Who we are not hearing from: what tells silence from a broken connection, and from having nothing to raise.

-- That an agency's system was alive. One row for each hour in which it said so: finer than anything that is judged.
create table heartbeat (
    partnership_id uuid not null references partnership (id),
    agency_id uuid not null,
    -- The hour, counted from 1970.
    hour bigint not null,
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, agency_id, hour),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id)
);
create index heartbeat_client on heartbeat (partnership_id, recorded_by_client_id);

-- How often an agency's system agreed to be heard, or that this agreement ended. Without one nobody is cut off.
create table feed_agreement (
    partnership_id uuid not null references partnership (id),
    agency_id uuid not null,
    version integer not null check (version >= 1),
    -- None where the agreement ends.
    every_hours integer check (every_hours between 1 and 8784),
    reason text not null check (char_length(reason) between 1 and 500),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, agency_id, version),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id)
);
create index feed_agreement_client on feed_agreement (partnership_id, recorded_by_client_id);

-- An agency's word on record that it had nothing to raise in a week.
create table nil_return (
    partnership_id uuid not null references partnership (id),
    agency_id uuid not null,
    -- The Monday of the week.
    week date not null check (extract(isodow from week) = 1),
    -- The role in which the signer gave it, in the agency's own words.
    signed_as text not null check (char_length(signed_as) between 1 and 80),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, agency_id, week),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id)
);
create index nil_return_client on nil_return (partnership_id, recorded_by_client_id);

do $$
declare
    name text;
begin
    foreach name in array array['heartbeat', 'feed_agreement', 'nil_return']
    loop
        execute format(
            'create trigger %1$s_is_append_only before update or delete on %1$s '
            'for each row execute function refuse_change()', name);
        execute format(
            'create trigger %1$s_is_not_truncated before truncate on %1$s '
            'for each statement execute function refuse_change()', name);
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('grant select, insert on %I to escalation_app', name);
    end loop;
    -- An agency speaks for itself, and nobody else does.
    foreach name in array array['heartbeat', 'nil_return']
    loop
        execute format(
            'create policy stated on %I '
            'using (partnership_id = stated_partnership() '
            '       and (reaches_partnership() or agency_id = any (stated_agencies()))) '
            'with check (partnership_id = stated_partnership() and agency_id = any (stated_agencies()))', name);
    end loop;
end
$$;

-- What was agreed, both sides read; those who review record it.
create policy stated on feed_agreement
    using (partnership_id = stated_partnership()
           and (reaches_partnership() or agency_id = any (stated_agencies())))
    with check (partnership_id = stated_partnership() and reaches_partnership());
