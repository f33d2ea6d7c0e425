drop function partnerships_with_chains();
drop policy directory on access_head;
drop table checkpoint;
