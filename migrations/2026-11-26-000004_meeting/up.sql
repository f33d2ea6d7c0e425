-- The meeting that signed: who took part, by agency and role, what was checked before, and when the next one is.
alter table review_sign_off
    add column attendance jsonb not null default '[]',
    add column checks jsonb not null default '[]',
    add column next_meeting_on date;
