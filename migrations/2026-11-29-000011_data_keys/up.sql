-- Keys that outlive a root secret: sealed under it here, so that another one is a matter of sealing small rows anew.

-- What a partnership's own uses need: finding children, requests that are repeated, what is sealed for its webhooks and
-- its files. One sealed whole.
create table partnership_key (
    partnership_id uuid primary key references partnership (id),
    created_at timestamptz not null,
    -- None where the keys are still those that the root secret itself gives.
    root_id text check (root_id ~ '^[0-9a-f]{8}$'),
    wrapped bytea,
    wrapped_at timestamptz,
    check (num_nulls(root_id, wrapped, wrapped_at) in (0, 3))
);
comment on column partnership_key.root_id is 'Which root secret seals it, by a name that tells nothing of it.';

-- The one key under which everything that tells who a child is lies sealed. Once it is destroyed nobody can read that.
create table child_data_key (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    child_key bytea check (octet_length(child_key) = 32),
    created_at timestamptz not null,
    root_id text check (root_id ~ '^[0-9a-f]{8}$'),
    wrapped bytea,
    wrapped_at timestamptz,
    destroyed_at timestamptz,
    primary key (partnership_id, id),
    check (num_nulls(child_key, root_id, wrapped, wrapped_at) = case when destroyed_at is null then 0 else 4 end)
);
create unique index child_data_key_of_child on child_data_key (partnership_id, child_key);
create index child_data_key_root on child_data_key (partnership_id, root_id, id) where destroyed_at is null;
-- References that are still sealed under a key of the whole partnership.
create index escalation_child_without_key on escalation_child (partnership_id, escalation_id, position)
    where get_byte(ciphertext, 0) = 1;

create function refuse_key_change() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or old.destroyed_at is not null
        or (new.child_key is distinct from old.child_key and new.destroyed_at is null)
        or (new.partnership_id, new.id, new.created_at) is distinct from (old.partnership_id, old.id, old.created_at)
    then
        raise exception 'a data key stays with its child until it is destroyed' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger child_data_key_is_fixed before update or delete on child_data_key
    for each row execute function refuse_key_change();
create trigger child_data_key_is_not_truncated before truncate on child_data_key
    for each statement execute function refuse_change();
create trigger partnership_key_is_not_deleted before delete on partnership_key
    for each row execute function refuse_change();
create trigger partnership_key_is_not_truncated before truncate on partnership_key
    for each statement execute function refuse_change();

-- Partnerships that there are keep their keys; those to come get keys of their own.
insert into partnership_key (partnership_id, created_at) select id, now() from partnership;

do $$
declare
    name text;
begin
    foreach name in array array['partnership_key', 'child_data_key']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy stated on %I using (partnership_id = stated_partnership()) '
            'with check (partnership_id = stated_partnership())', name);
        execute format('grant select, insert on %I to escalation_app', name);
    end loop;
end
$$;
grant update (root_id, wrapped, wrapped_at) on partnership_key to escalation_app;
grant update (child_key, root_id, wrapped, wrapped_at, destroyed_at) on child_data_key to escalation_app;
grant update (ciphertext) on escalation_child to escalation_app;
