-- Webhooks: agencies' systems are told of what the feed tells, each escalation's events in their order.
--
-- Nothing of this is in the way of whoever writes: everything here follows the feed.

-- Where a system is told. Only the service's own work and whoever it belongs to see it.
create table webhook_endpoint (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    -- None for the partnership's own.
    agency_id uuid,
    url text not null check (char_length(url) between 1 and 2048 and url !~ '[[:space:][:cntrl:]]'),
    -- None for all.
    event_types text[] check (cardinality(event_types) >= 1),
    scheme text not null check (scheme in ('ed25519', 'hmac_sha256')),
    state text not null check (state in ('active', 'disabled', 'removed')),
    disabled_because text check (disabled_because in ('gone', 'failing')),
    disabled_at timestamptz,
    version int not null check (version >= 1),
    position bigint not null check (position >= 0),
    failing_since timestamptz,
    last_delivered_at timestamptz,
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, id),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id),
    check ((state = 'disabled') = (disabled_because is not null)),
    check ((disabled_because is null) = (disabled_at is null))
);
create index webhook_endpoint_agency on webhook_endpoint (partnership_id, agency_id);
create index webhook_endpoint_client on webhook_endpoint (partnership_id, recorded_by_client_id);
comment on column webhook_endpoint.position is 'Up to where the feed was looked through for it.';
comment on column webhook_endpoint.failing_since is 'The first failure since anything arrived.';

-- Who did what about an endpoint.
create table webhook_act (
    partnership_id uuid not null references partnership (id),
    number bigint not null generated always as identity,
    endpoint_id uuid not null,
    act text not null
        check (act in ('created', 'changed', 'key_rotated', 'enabled', 'replayed', 'tested', 'removed')),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, number),
    foreign key (partnership_id, endpoint_id) references webhook_endpoint (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id)
);
create index webhook_act_endpoint on webhook_act (partnership_id, endpoint_id);
create index webhook_act_client on webhook_act (partnership_id, recorded_by_client_id);
create trigger webhook_act_is_append_only before update or delete on webhook_act
    for each row execute function refuse_change();
create trigger webhook_act_is_not_truncated before truncate on webhook_act
    for each statement execute function refuse_change();

-- What its messages are signed with, sealed. Two are in use for a day after a rotation.
create table webhook_key (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    endpoint_id uuid not null,
    scheme text not null check (scheme in ('ed25519', 'hmac_sha256')),
    sealed bytea not null,
    public_key text,
    created_at timestamptz not null,
    expires_at timestamptz,
    primary key (partnership_id, id),
    foreign key (partnership_id, endpoint_id) references webhook_endpoint (partnership_id, id),
    check ((scheme = 'ed25519') = (public_key is not null)),
    check (expires_at > created_at)
);
create index webhook_key_endpoint on webhook_key (partnership_id, endpoint_id);
create unique index webhook_key_in_use on webhook_key (partnership_id, endpoint_id) where expires_at is null;

-- One row for each endpoint and position that it is told of; a repetition has one of its own.
create table webhook_delivery (
    partnership_id uuid not null references partnership (id),
    number bigint not null generated always as identity,
    endpoint_id uuid not null,
    escalation_id uuid not null,
    position bigint not null,
    replay int not null default 0 check (replay >= 0),
    state text not null default 'waiting' check (state in ('waiting', 'delivered', 'given_up', 'withheld')),
    failed smallint not null default 0 check (failed >= 0),
    created_at timestamptz not null,
    settled_at timestamptz,
    primary key (partnership_id, number),
    unique (partnership_id, endpoint_id, position, replay),
    foreign key (partnership_id, endpoint_id) references webhook_endpoint (partnership_id, id),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, position) references feed_entry (partnership_id, position),
    check ((state = 'waiting') = (settled_at is null))
);
create index webhook_delivery_escalation on webhook_delivery (partnership_id, escalation_id);
create index webhook_delivery_position on webhook_delivery (partnership_id, position);
create index webhook_delivery_waiting on webhook_delivery (partnership_id, endpoint_id, escalation_id, replay, position)
    where state = 'waiting';
create index webhook_delivery_oldest on webhook_delivery (partnership_id, created_at) where state = 'waiting';

-- What is taken is a lane and not an event, so that no event of an escalation overtakes the one before it.
create table webhook_lane (
    partnership_id uuid not null references partnership (id),
    endpoint_id uuid not null,
    escalation_id uuid not null,
    -- None when nothing waits.
    next_at timestamptz,
    lease_until timestamptz,
    lease_token uuid,
    primary key (partnership_id, endpoint_id, escalation_id),
    foreign key (partnership_id, endpoint_id) references webhook_endpoint (partnership_id, id),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    check ((lease_until is null) = (lease_token is null))
);
create index webhook_lane_escalation on webhook_lane (partnership_id, escalation_id);
create index webhook_lane_due on webhook_lane (partnership_id, endpoint_id, next_at) where next_at is not null;

-- Every attempt, kept for good. Nothing that a receiver answered is kept but its status.
create table webhook_attempt (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    delivery bigint not null,
    at timestamptz not null,
    took_ms int not null check (took_ms >= 0),
    outcome text not null check (outcome in ('delivered', 'refused', 'redirected', 'gone', 'timeout', 'connection',
        'tls', 'name_not_resolved', 'address_not_allowed', 'reply_too_large', 'invalid_reply')),
    status smallint check (status between 100 and 999),
    primary key (partnership_id, id),
    foreign key (partnership_id, delivery) references webhook_delivery (partnership_id, number)
);
create index webhook_attempt_delivery on webhook_attempt (partnership_id, delivery, at);
create trigger webhook_attempt_is_append_only before update or delete on webhook_attempt
    for each row execute function refuse_change();
create trigger webhook_attempt_is_not_truncated before truncate on webhook_attempt
    for each statement execute function refuse_change();

do $$
declare
    name text;
begin
    foreach name in array array['webhook_endpoint', 'webhook_act', 'webhook_key', 'webhook_delivery', 'webhook_lane',
                                'webhook_attempt']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('grant select, insert on %I to escalation_app', name);
    end loop;
    foreach name in array array['webhook_act', 'webhook_key', 'webhook_delivery', 'webhook_lane']
    loop
        execute format(
            'create policy stated on %1$I '
            'using (partnership_id = stated_partnership() and (reaches_partnership() or exists ( '
            '       select from webhook_endpoint e where e.partnership_id = %1$I.partnership_id '
            '       and e.id = %1$I.endpoint_id offset 0))) '
            'with check (partnership_id = stated_partnership() and (reaches_partnership() or exists ( '
            '       select from webhook_endpoint e where e.partnership_id = %1$I.partnership_id '
            '       and e.id = %1$I.endpoint_id offset 0)))', name);
    end loop;
    -- For the functions below, which tell nothing of any escalation.
    foreach name in array array['webhook_endpoint', 'webhook_delivery', 'webhook_lane', 'feed_head']
    loop
        execute format('create policy directory_of_webhooks on %I for select to %I using (true)', name, current_user);
    end loop;
end
$$;
create policy stated on webhook_endpoint
    using (partnership_id = stated_partnership()
           and (reaches_partnership() or agency_id = any (stated_agencies())))
    with check (partnership_id = stated_partnership()
                and (reaches_partnership() or agency_id = any (stated_agencies())));
create policy stated on webhook_attempt
    using (partnership_id = stated_partnership() and (reaches_partnership() or exists (
           select from webhook_delivery d where d.partnership_id = webhook_attempt.partnership_id
           and d.number = webhook_attempt.delivery offset 0)))
    with check (partnership_id = stated_partnership() and (reaches_partnership() or exists (
           select from webhook_delivery d where d.partnership_id = webhook_attempt.partnership_id
           and d.number = webhook_attempt.delivery offset 0)));
grant update (url, event_types, state, disabled_because, disabled_at, version, position, failing_since,
              last_delivered_at) on webhook_endpoint to escalation_app;
grant update (expires_at) on webhook_key to escalation_app;
grant update (state, failed, settled_at) on webhook_delivery to escalation_app;
grant update (next_at, lease_until, lease_token) on webhook_lane to escalation_app;

-- For which endpoints there is something to do.
create function webhooks_due(at timestamptz)
    returns table (partnership_id uuid, endpoint_id uuid, agency_id uuid, behind boolean, sends boolean, failing boolean)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select * from (
            select e.partnership_id, e.id, e.agency_id,
                   exists (select from public.feed_head h
                           where h.partnership_id = e.partnership_id and h.position > e.position),
                   exists (select from public.webhook_lane l
                           where l.partnership_id = e.partnership_id and l.endpoint_id = e.id and l.next_at <= at
                             and (l.lease_until is null or l.lease_until < at)),
                   e.failing_since is not null
            from public.webhook_endpoint e
            where e.state = 'active') as it (partnership_id, endpoint_id, agency_id, behind, sends, failing)
        where behind or sends
        order by partnership_id, endpoint_id
    $$;

-- How far sending has come over all partnerships.
create function webhook_state()
    returns table (disabled bigint, waiting bigint, oldest_waiting timestamptz)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select (select count(*) from public.webhook_endpoint where state = 'disabled'), count(*), min(d.created_at)
        from public.webhook_delivery d
        where d.state = 'waiting' and exists (
            select from public.webhook_endpoint e
            where e.partnership_id = d.partnership_id and e.id = d.endpoint_id and e.state = 'active')
    $$;
revoke all on function webhooks_due(timestamptz), webhook_state() from public;
grant execute on function webhooks_due(timestamptz), webhook_state() to escalation_app;
