-- Packs for the public, as they were released: the text that left, who released it, and what was checked by hand before.

create table public_release (
    partnership_id uuid not null references partnership (id),
    -- The Mondays of the first and the last week of its quarter.
    from_week date not null check (extract(isodow from from_week) = 1),
    to_week date not null check (extract(isodow from to_week) = 1),
    -- As it is written: 2026-Q3.
    quarter text not null check (quarter ~ '^[0-9]{4}-Q[1-4]$'),
    profile text not null check (profile in ('dfe_cin', 'nhs_sub_national')),
    data_to timestamptz not null,
    pack text not null,
    -- SHA-256 of the text above, in hexadecimal.
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    releaser text not null check (char_length(releaser) between 1 and 120),
    checked text not null check (char_length(checked) between 1 and 2000),
    released_at timestamptz not null,
    released_by_role text not null,
    released_by_client_id uuid not null,
    released_by_subject text not null,
    primary key (partnership_id, quarter),
    foreign key (partnership_id, released_by_client_id) references client (partnership_id, id),
    check (to_week > from_week),
    check (released_at >= data_to)
);
create index public_release_client on public_release (partnership_id, released_by_client_id);
comment on table public_release is 'What was released once is public: it is never changed, and its weeks are never released again.';

create trigger public_release_is_append_only before update or delete on public_release
    for each row execute function refuse_change();
create trigger public_release_is_not_truncated before truncate on public_release
    for each statement execute function refuse_change();

alter table public_release enable row level security;
alter table public_release force row level security;
-- Everybody of the partnership reads what is public; only who works for the whole of it releases.
create policy stated on public_release
    using (partnership_id = stated_partnership())
    with check (partnership_id = stated_partnership() and reaches_partnership());
grant select, insert on public_release to escalation_app;
