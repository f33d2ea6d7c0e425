-- What a review learnt and what it agreed shall be done: appended, so that what was known at an instant can be told later.

create table review_learning (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    -- The Monday of the week in whose review it was said.
    week date not null check (extract(isodow from week) = 1),
    body text not null check (char_length(body) between 1 and 280),
    -- What it is about: a group of themes or one theme.
    group_code text,
    theme_code text,
    escalations uuid[] not null,
    said_by_agency_id uuid not null,
    said_by_role text not null check (char_length(said_by_role) between 1 and 100),
    plan_reference text check (char_length(plan_reference) between 1 and 40),
    -- The measurable change that is expected, with what was usual before, frozen.
    figure text,
    direction text check (direction in ('higher', 'lower')),
    remeasure_week date check (extract(isodow from remeasure_week) = 1),
    baseline jsonb,
    definitions_version integer,
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, id),
    foreign key (partnership_id, theme_code) references theme (partnership_id, code),
    foreign key (partnership_id, said_by_agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id),
    check ((group_code is null) <> (theme_code is null)),
    check (num_nulls(figure, direction, remeasure_week, baseline, definitions_version) in (0, 5)),
    check (remeasure_week > week)
);
create index review_learning_theme on review_learning (partnership_id, theme_code);
create index review_learning_agency on review_learning (partnership_id, said_by_agency_id);
create index review_learning_client on review_learning (partnership_id, recorded_by_client_id);

-- Whether it worked: measured once, when its week has come.
create table review_learning_result (
    partnership_id uuid not null references partnership (id),
    learning_id uuid not null,
    result text not null check (result in ('better', 'worse', 'no_detectable_change', 'not_measurable')),
    value double precision,
    definitions_version integer not null,
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, learning_id),
    foreign key (partnership_id, learning_id) references review_learning (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id)
);
create index review_learning_result_client on review_learning_result (partnership_id, recorded_by_client_id);

create table review_action (
    partnership_id uuid not null references partnership (id),
    id uuid not null,
    -- The Monday of the week in whose review it was agreed.
    week date not null check (extract(isodow from week) = 1),
    title text not null check (char_length(title) between 1 and 200),
    owner_agency_id uuid not null,
    owner_role text not null check (char_length(owner_role) between 1 and 100),
    plan_reference text check (char_length(plan_reference) between 1 and 40),
    learning_id uuid,
    primary key (partnership_id, id),
    foreign key (partnership_id, owner_agency_id) references agency (partnership_id, id),
    foreign key (partnership_id, learning_id) references review_learning (partnership_id, id)
);
create index review_action_owner on review_action (partnership_id, owner_agency_id);
create index review_action_learning on review_action (partnership_id, learning_id);

-- How it stood, each time that somebody said so: version 1 is how it was agreed.
create table review_action_state (
    partnership_id uuid not null references partnership (id),
    action_id uuid not null,
    version integer not null check (version >= 1),
    -- The partnership's own four words; the service never changes one.
    progress text not null check (progress in ('completed', 'on_track', 'attention_needed', 'urgent')),
    -- The colours of the partnership's plan, apart from progress; blank as long as nobody rated it.
    impact text check (impact in ('blue', 'green', 'amber', 'red')),
    due_on date not null,
    note text check (char_length(note) between 1 and 500),
    evidence text check (char_length(evidence) between 1 and 500),
    recorded_at timestamptz not null,
    recorded_by_role text not null,
    recorded_by_client_id uuid not null,
    recorded_by_subject text not null,
    primary key (partnership_id, action_id, version),
    foreign key (partnership_id, action_id) references review_action (partnership_id, id),
    foreign key (partnership_id, recorded_by_client_id) references client (partnership_id, id),
    check ((progress = 'completed') = (evidence is not null))
);
create index review_action_state_client on review_action_state (partnership_id, recorded_by_client_id);

do $$
declare
    named text;
begin
    foreach named in array array['review_learning', 'review_learning_result', 'review_action', 'review_action_state'] loop
        execute format('create trigger %1$s_is_append_only before update or delete on %1$s
            for each row execute function refuse_change()', named);
        execute format('create trigger %1$s_is_not_truncated before truncate on %1$s
            for each statement execute function refuse_change()', named);
        execute format('alter table %I enable row level security', named);
        execute format('alter table %I force row level security', named);
        execute format('create policy stated on %I
            using (partnership_id = stated_partnership() and reaches_partnership())
            with check (partnership_id = stated_partnership() and reaches_partnership())', named);
        execute format('grant select, insert on %I to escalation_app', named);
    end loop;
end
$$;
