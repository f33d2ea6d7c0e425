drop table export_record;
