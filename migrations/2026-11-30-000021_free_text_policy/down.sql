alter table import_row drop column warnings;
alter table agency drop column free_text_policy;
