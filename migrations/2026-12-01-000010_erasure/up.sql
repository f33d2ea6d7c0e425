-- Legal holds, and the erasure of what identifies a child or a matter. What was done stays; whose it was goes.

create table legal_hold (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    scope text not null check (scope in ('escalation', 'child', 'partnership')),
    escalation_id uuid,
    child_key bytea check (octet_length(child_key) = 32),
    reason text not null,
    authority text not null check (char_length(authority) between 1 and 200),
    held_from date not null,
    held_until date check (held_until >= held_from),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, id),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id),
    check ((scope = 'escalation') = (escalation_id is not null)),
    check (child_key is null or scope = 'child')
);
create index legal_hold_recorded on legal_hold (partnership_id, recorded_at, id);
create index legal_hold_escalation on legal_hold (partnership_id, escalation_id);
create index legal_hold_child on legal_hold (partnership_id, child_key);
create index legal_hold_client on legal_hold (partnership_id, recorded_by_client_id);
comment on column legal_hold.child_key is 'Keyed hash by which the child is found; gone once the child is erased.';
comment on column legal_hold.held_until is 'The last day, in Europe/London; none where it holds until it is lifted.';

create table legal_hold_lift (
    partnership_id uuid not null references partnership (id),
    hold_id uuid not null,
    reason text not null check (char_length(reason) between 1 and 500),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, hold_id),
    foreign key (partnership_id, hold_id) references legal_hold (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id)
);
create index legal_hold_lift_client on legal_hold_lift (partnership_id, recorded_by_client_id);

create table erasure (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    target text not null check (target in ('escalation', 'child')),
    escalation_id uuid,
    child_key bytea check (octet_length(child_key) = 32),
    ground text not null,
    authority text not null check (char_length(authority) between 1 and 200),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, id),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id),
    check ((target = 'escalation') = (escalation_id is not null)),
    check (child_key is null or target = 'child')
);
create index erasure_recorded on erasure (partnership_id, recorded_at, id);
create index erasure_escalation on erasure (partnership_id, escalation_id);
create index erasure_child on erasure (partnership_id, child_key);
create index erasure_client on erasure (partnership_id, recorded_by_client_id);
comment on column erasure.child_key is 'Keyed hash by which the child is found; gone once it is decided.';

create table erasure_decision (
    partnership_id uuid not null references partnership (id),
    erasure_id uuid not null,
    decision text not null check (decision in ('approved', 'declined')),
    reason text check (char_length(reason) between 1 and 500),
    keys_destroyed int check (keys_destroyed >= 0),
    backups_until date,
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, erasure_id),
    foreign key (partnership_id, erasure_id) references erasure (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id),
    check ((decision = 'declined') = (reason is not null)),
    check ((decision = 'approved') = (backups_until is not null)),
    check ((decision = 'approved') = (keys_destroyed is not null))
);
create index erasure_decision_client on erasure_decision (partnership_id, recorded_by_client_id);
comment on column erasure_decision.backups_until is 'The last day on which a backup may still hold what was destroyed.';

-- What was destroyed of each escalation.
create table erased_escalation (
    partnership_id uuid not null references partnership (id),
    erasure_id uuid not null,
    escalation_id uuid not null,
    whole boolean not null,
    references_erased int not null check (references_erased >= 0),
    texts_erased int not null check (texts_erased >= 0),
    external_ids_erased int not null check (external_ids_erased >= 0),
    primary key (partnership_id, erasure_id, escalation_id),
    foreign key (partnership_id, erasure_id) references erasure (partnership_id, id),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id)
);
create index erased_escalation_escalation on erased_escalation (partnership_id, escalation_id);
create unique index erased_escalation_once on erased_escalation (partnership_id, escalation_id) where whole;

-- An escalation is erased when its events say so.
create unique index event_erased on event (partnership_id, escalation_id) where event_type = 'erased';

alter table escalation_child alter column child_key drop not null;
alter table escalation_child alter column ciphertext drop not null;
alter table escalation_child add check ((child_key is null) = (ciphertext is null));
comment on column escalation_child.child_key is 'Keyed hash by which the child is found; gone once the child is erased.';

create or replace view reporting_v1.escalation_child as
    select c.escalation_id || '/' || c.position as row_id, c.escalation_id, e.fiscal_year,
           encode(sha256(c.child_key || convert_to('reporting_v1/' || e.fiscal_year, 'UTF8')), 'hex') as child_key
    from public.escalation_child c
    join reporting_v1.escalation e on e.escalation_id = c.escalation_id
    where c.partnership_id = (select public.reported_partnership()) and c.child_key is not null;

create function refuse_forgetting_less() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or new.child_key is not null
        or to_jsonb(new) - 'child_key' is distinct from to_jsonb(old) - 'child_key'
    then
        raise exception '% only forgets which child it is about', tg_table_name using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;

create function refuse_unless_erased() returns trigger language plpgsql as $$
begin
    if not exists (select from erased_escalation it where it.partnership_id = old.partnership_id
                   and it.escalation_id = old.escalation_id and it.whole)
    then
        raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
    end if;
    return old;
end
$$;
drop trigger external_id_is_append_only on external_id;
create trigger external_id_is_append_only before delete on external_id
    for each row execute function refuse_unless_erased();

do $$
declare
    name text;
begin
    foreach name in array array['legal_hold', 'erasure']
    loop
        execute format('create trigger %1$I before update or delete on %2$I '
            'for each row execute function refuse_forgetting_less()', name || '_is_fixed', name);
        execute format('grant update (child_key) on %I to escalation_app', name);
    end loop;
    foreach name in array array['legal_hold_lift', 'erasure_decision', 'erased_escalation']
    loop
        execute format('create trigger %1$I before update or delete on %2$I '
            'for each row execute function refuse_change()', name || '_is_append_only', name);
    end loop;
    foreach name in array array['legal_hold', 'legal_hold_lift', 'erasure', 'erasure_decision', 'erased_escalation']
    loop
        execute format('create trigger %1$I before truncate on %2$I '
            'for each statement execute function refuse_change()', name || '_is_not_truncated', name);
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy stated on %I using (partnership_id = stated_partnership() and reaches_partnership()) '
            'with check (partnership_id = stated_partnership() and reaches_partnership())', name);
        execute format('grant select on %I to escalation_app', name);
        if name <> 'erased_escalation' then
            execute format('grant insert on %I to escalation_app', name);
        end if;
    end loop;
    -- For who owns the tables, as whom an erasure is carried out: what it reaches there is only its agency's own to see.
    foreach name in array array['import_row', 'idempotency_key']
    loop
        execute format('create policy erasure on %I to %I '
            'using (partnership_id = stated_partnership() and reaches_partnership())', name, current_user);
    end loop;
end
$$;

-- The one way in which something is destroyed: of one escalation, what an approved erasure is about. The service may delete
-- none of it by itself.
create function carry_out_erasure(which uuid, escalation uuid) returns table (whole boolean, references_erased int)
    language plpgsql security definer set search_path = pg_catalog, public
    as $$
declare
    ordered public.erasure;
    gone int;
    all_gone boolean;
begin
    select it.* into ordered from public.erasure it
        join public.erasure_decision d on d.partnership_id = it.partnership_id and d.erasure_id = it.id
        where it.partnership_id = stated_partnership() and it.id = which and d.decision = 'approved';
    if not found or (ordered.target = 'escalation' and ordered.escalation_id <> escalation) then
        raise exception 'no approved erasure is about it' using errcode = 'restrict_violation';
    end if;
    update public.escalation_child c set child_key = null, ciphertext = null
        where c.partnership_id = ordered.partnership_id and c.escalation_id = escalation
          and c.child_key is not null and (ordered.target = 'escalation' or c.child_key = ordered.child_key);
    get diagnostics gone = row_count;
    if gone = 0 and ordered.target = 'child' then
        raise exception 'the erasure is not about it' using errcode = 'restrict_violation';
    end if;
    all_gone := not exists (select from public.escalation_child c where c.partnership_id = ordered.partnership_id
                            and c.escalation_id = escalation and c.child_key is not null);
    insert into public.erased_escalation
    select ordered.partnership_id, which, escalation, all_gone, gone,
        case when all_gone then (select count(*) from public.event_text t
            where t.partnership_id = ordered.partnership_id and t.escalation_id = escalation) else 0 end,
        case when all_gone then (select count(*) from public.external_id x
            where x.partnership_id = ordered.partnership_id and x.escalation_id = escalation) else 0 end;
    if all_gone then
        delete from public.event_text t
            where t.partnership_id = ordered.partnership_id and t.escalation_id = escalation;
        delete from public.external_id x
            where x.partnership_id = ordered.partnership_id and x.escalation_id = escalation;
        -- The key stays for its month, so that a repetition is told that it is erased, and what was asked does not.
        update public.idempotency_key k set meaning = sha256(uuid_send(gen_random_uuid()))
            where k.partnership_id = ordered.partnership_id and k.escalation_id = escalation;
        update public.import_row r set payload = null
            where r.partnership_id = ordered.partnership_id and r.escalation_id = escalation and r.payload is not null;
    end if;
    return query select all_gone, gone;
end
$$;
revoke all on function carry_out_erasure(uuid, uuid) from public;
grant execute on function carry_out_erasure(uuid, uuid) to escalation_app;
