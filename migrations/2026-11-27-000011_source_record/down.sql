drop table source_record;
