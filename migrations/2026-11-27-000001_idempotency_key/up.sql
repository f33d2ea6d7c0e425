-- The keys by which callers repeat a request safely, each for a month. No fact: a key is forgotten when its time is over,
-- and only hashes are kept, so that neither the key nor what was sent can be read from them.

create table idempotency_key (
    partnership_id uuid not null references partnership (id),
    client_id uuid not null,
    key_hash bytea not null check (octet_length(key_hash) = 32),
    meaning bytea not null check (octet_length(meaning) = 32),
    escalation_id uuid not null,
    created_at timestamptz not null,
    primary key (partnership_id, client_id, key_hash),
    foreign key (partnership_id, client_id) references client (partnership_id, id),
    foreign key (partnership_id, escalation_id) references escalation (partnership_id, id)
);
create index idempotency_key_escalation on idempotency_key (partnership_id, escalation_id);
create index idempotency_key_created_at on idempotency_key (partnership_id, created_at);
comment on column idempotency_key.meaning is 'Keyed hash of what was asked for: a plain hash of so little could be guessed.';

alter table idempotency_key enable row level security;
alter table idempotency_key force row level security;
create policy stated on idempotency_key
    using (partnership_id = stated_partnership() and (reaches_partnership() or
        exists (select from escalation e where e.partnership_id = idempotency_key.partnership_id
                and e.id = idempotency_key.escalation_id
                and e.raised_by_agency_id = any (stated_agencies()) offset 0)))
    with check (partnership_id = stated_partnership() and
        exists (select from escalation e where e.partnership_id = idempotency_key.partnership_id
                and e.id = idempotency_key.escalation_id
                and e.raised_by_agency_id = any (stated_agencies()) offset 0));
grant select, insert, delete on idempotency_key to escalation_app;
