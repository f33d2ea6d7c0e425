-- A week's review as it was signed: the figures as one text that never changes. A correction is another version beside it.

create table review_sign_off (
    partnership_id uuid not null references partnership (id),
    -- The Monday of the week.
    week date not null check (extract(isodow from week) = 1),
    version integer not null check (version >= 1),
    data_to timestamptz not null,
    pack text not null,
    -- SHA-256 of the text above, in hexadecimal.
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    definitions_version integer not null,
    answers jsonb not null,
    decisions text[] not null,
    -- Why it was signed again; the first version needs none.
    reason text,
    as_deputy boolean not null,
    signed_at timestamptz not null,
    signed_by_role text not null,
    signed_by_client_id uuid not null,
    signed_by_subject text not null,
    primary key (partnership_id, week, version),
    foreign key (partnership_id, signed_by_client_id) references client (partnership_id, id),
    check ((version = 1) = (reason is null)),
    check (signed_at >= data_to)
);
create index review_sign_off_client on review_sign_off (partnership_id, signed_by_client_id);

create trigger review_sign_off_is_append_only before update or delete on review_sign_off
    for each row execute function refuse_change();
create trigger review_sign_off_is_not_truncated before truncate on review_sign_off
    for each statement execute function refuse_change();

alter table review_sign_off enable row level security;
alter table review_sign_off force row level security;
create policy stated on review_sign_off
    using (partnership_id = stated_partnership() and reaches_partnership())
    with check (partnership_id = stated_partnership() and reaches_partnership());
grant select, insert on review_sign_off to escalation_app;
