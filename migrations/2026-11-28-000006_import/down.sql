drop function imports_to_work(timestamptz, timestamptz);
drop table import_row;
drop table import_job;
