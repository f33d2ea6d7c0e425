-- Sign-in of people, for the pages: attempts under way, and the sessions that came of them.
--
-- No fact of any escalation and nothing that an agency reads, so two things differ from all other tables. The policies
-- ask for the reach of the whole partnership: a transaction that works for one agency sees no session, not even its
-- own. And rows are deleted: a session names a person, and is kept no longer than it lasts.

create table login_attempt (
    partnership_id uuid not null references partnership (id),
    id bytea not null check (octet_length(id) = 32),
    state text not null check (char_length(state) between 20 and 100),
    nonce text not null check (char_length(nonce) between 20 and 100),
    pkce_verifier text not null check (char_length(pkce_verifier) between 43 and 128),
    return_to text not null check (return_to like '/%' and char_length(return_to) <= 2000),
    must_be_fresh boolean not null,
    expires_at timestamptz not null,
    primary key (partnership_id, id)
);
create index login_attempt_expires_at on login_attempt (partnership_id, expires_at);
comment on column login_attempt.id is 'SHA-256 of the cookie: who reads this table cannot take an attempt over.';

create table web_session (
    partnership_id uuid not null references partnership (id),
    id bytea not null check (octet_length(id) = 32),
    issuer text not null check (char_length(issuer) between 1 and 500),
    subject text not null check (char_length(subject) between 1 and 200),
    registered_as text not null check (char_length(registered_as) between 1 and 200),
    role text not null check (role in ('agency', 'service_lead', 'director', 'analyst', 'auditor', 'operator')),
    agency_id uuid,
    display_name text not null check (char_length(display_name) between 1 and 200),
    auth_time timestamptz,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (partnership_id, id),
    foreign key (partnership_id, agency_id) references agency (partnership_id, id),
    check ((role = 'agency') = (agency_id is not null)),
    check (last_seen_at >= created_at)
);
create index web_session_agency on web_session (partnership_id, agency_id);
create index web_session_person on web_session (partnership_id, issuer, subject);
create index web_session_last_seen_at on web_session (partnership_id, last_seen_at);
comment on column web_session.id is 'SHA-256 of the cookie: who reads this table cannot take a session over.';
comment on column web_session.registered_as is 'The client_id of the registration, asked again with each request; role and agency are what it said at sign-in.';
comment on column web_session.auth_time is 'When the person proved who they are; none when the provider does not say.';

do $$
declare
    name text;
begin
    foreach name in array array['login_attempt', 'web_session']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy stated on %I '
            'using (partnership_id = stated_partnership() and reaches_partnership()) '
            'with check (partnership_id = stated_partnership() and reaches_partnership())', name);
        execute format('grant select, insert, delete on %I to escalation_app', name);
    end loop;
end
$$;
grant update (last_seen_at) on web_session to escalation_app;
