-- Signed checkpoints of both chains. What makes them worth something are the copies that others hold; these are where others
-- take theirs from.
create table checkpoint (
    partnership_id uuid not null references partnership (id),
    number bigint not null check (number >= 1),
    at timestamptz not null,
    note text not null check (length(note) between 1 and 2000),
    primary key (partnership_id, number)
);
comment on column checkpoint.note is 'A C2SP signed note: how far both chains had come, signed with a key that is not in the database.';
create trigger checkpoint_is_append_only before update or delete on checkpoint
    for each row execute function refuse_change();
create trigger checkpoint_is_not_truncated before truncate on checkpoint
    for each statement execute function refuse_change();

alter table checkpoint enable row level security;
alter table checkpoint force row level security;
-- Every agency may keep copies; only the service's own work for the whole partnership adds.
create policy stated on checkpoint
    using (partnership_id = stated_partnership())
    with check (partnership_id = stated_partnership() and reaches_partnership());
grant select, insert on checkpoint to escalation_app;

-- How far each partnership's chains have come since its last checkpoint; it tells nothing of any escalation.
do $$
begin
    execute format('create policy directory on checkpoint for select to %I using (true)', current_user);
    execute format('create policy directory on access_head for select to %I using (true)', current_user);
end
$$;
create function partnerships_with_chains() returns setof uuid
    language sql stable security definer set search_path = pg_catalog, public
    as $$ select p.id from public.partnership p
          where exists (select from public.feed_head h where h.partnership_id = p.id and h.position > 0)
             or exists (select from public.access_head h where h.partnership_id = p.id and h.position > 0)
          order by p.id $$;
revoke all on function partnerships_with_chains() from public;
grant execute on function partnerships_with_chains() to escalation_app;
