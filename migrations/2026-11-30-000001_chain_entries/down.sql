alter table access_entry add column sequenced_at timestamptz not null default now();
alter table access_entry alter column sequenced_at drop default;
alter table feed_entry add column sequenced_at timestamptz not null default now();
alter table feed_entry alter column sequenced_at drop default;
