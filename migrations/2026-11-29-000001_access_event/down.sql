drop function partnerships_with_reads_to_link();
drop function make_access_partitions(date, int);
drop table access_head;
drop table access_entry;
drop table access_pending;
drop table access_seen;
drop table access_event;
drop function tell_of_access();
drop schema access_log;
