-- No agreement, no data: under which dated agreement, and on which lawful basis, an agency shares data.

-- Partnerships that are there keep working: whoever had no place to write an agreement down has none.
alter table partnership add column agreements text not null default 'recorded'
    constraint partnership_agreements check (agreements in ('required', 'recorded'));
comment on column partnership.agreements is 'Whether an agency may add data only while a sharing agreement of its own is in force, or agreements are only kept.';
grant update (agreements) on partnership to escalation_app;
-- An agency's transaction states its partnership too, and decides nothing for all.
create policy whole on partnership as restrictive for update using (reaches_partnership());

create table sharing_agreement (
    partnership_id uuid not null references partnership (id),
    agency_id uuid not null,
    reference text not null check (char_length(reference) between 1 and 80),
    lawful_basis text not null check (lawful_basis in
        ('public_task', 'legal_obligation', 'legitimate_interests', 'recognised_legitimate_interest')),
    in_force_from date not null,
    in_force_until date not null,
    replaces text,
    recorded_at timestamptz not null,
    primary key (partnership_id, agency_id, reference),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    -- One that is wrong, or ends early, is replaced by another one; once, so that it is certain which one counts.
    foreign key (partnership_id, agency_id, replaces) references sharing_agreement (partnership_id, agency_id, reference),
    unique (partnership_id, agency_id, replaces),
    check (in_force_until >= in_force_from),
    check (replaces <> reference)
);
comment on column sharing_agreement.reference is 'What the partnership calls the document.';
comment on column sharing_agreement.in_force_until is 'The last day, in Europe/London.';
comment on column sharing_agreement.replaces is 'The reference of the agreement that no longer counts since this one was recorded.';

create trigger sharing_agreement_is_append_only before update or delete on sharing_agreement
    for each row execute function refuse_change();
create trigger sharing_agreement_is_not_truncated before truncate on sharing_agreement
    for each statement execute function refuse_change();
alter table sharing_agreement enable row level security;
alter table sharing_agreement force row level security;
grant select, insert on sharing_agreement to escalation_app;
-- Each agency reads its own; who sets the partnership up records them.
create policy stated on sharing_agreement
    using (partnership_id = stated_partnership()
           and (reaches_partnership() or agency_id = any (stated_agencies())))
    with check (partnership_id = stated_partnership() and reaches_partnership());

-- Whose agreements are looked at every day, before any partnership is stated. It tells identifiers and nothing else.
create function every_partnership() returns setof uuid
    language sql stable security definer set search_path = pg_catalog, public
    as $$ select p.id from public.partnership p $$;
revoke all on function every_partnership() from public;
grant execute on function every_partnership() to escalation_app;
