-- What is left out of the figures: each step of the decision, by whom, and never changed.

create table figure_exclusion (
    partnership_id uuid not null references partnership (id),
    escalation_id uuid not null,
    number integer not null check (number >= 1),
    step text not null check (step in ('proposed', 'approved', 'ended')),
    reason text not null,
    by_role text not null,
    by_client_id uuid not null,
    by_subject text not null,
    recorded_at timestamptz not null,
    primary key (partnership_id, escalation_id, number),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id),
    foreign key (partnership_id, by_client_id) references client (partnership_id, id)
);
create index figure_exclusion_client on figure_exclusion (partnership_id, by_client_id);

create trigger figure_exclusion_is_append_only before update or delete on figure_exclusion
    for each row execute function refuse_change();
create trigger figure_exclusion_is_not_truncated before truncate on figure_exclusion
    for each statement execute function refuse_change();

alter table figure_exclusion enable row level security;
alter table figure_exclusion force row level security;
-- Whoever sees an escalation may see whether it counts; only those who review decide it.
create policy stated on figure_exclusion
    using (partnership_id = stated_partnership() and (reaches_partnership() or
        exists (select from escalation e where e.partnership_id = figure_exclusion.partnership_id
                and e.id = figure_exclusion.escalation_id offset 0)))
    with check (partnership_id = stated_partnership() and reaches_partnership());
grant select, insert on figure_exclusion to escalation_app;
