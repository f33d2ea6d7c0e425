-- What becomes of a free text in which somebody's details are found, and what was found in the rows of a file.

alter table agency add column free_text_policy text not null default 'refuse'
    constraint agency_free_text_policy check (free_text_policy in ('refuse', 'warn'));
comment on column agency.free_text_policy is 'Whether a text of this agency''s people with an NHS number, a telephone number or the like is refused, or accepted with warnings.';
grant update (free_text_policy) on agency to escalation_app;

alter table import_row add column warnings jsonb;
comment on column import_row.warnings is 'Where a text of an accepted row appears to hold somebody''s details: kinds and places, nothing of the text.';
grant update (warnings) on import_row to escalation_app;
