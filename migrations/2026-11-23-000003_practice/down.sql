drop table practice_record;
