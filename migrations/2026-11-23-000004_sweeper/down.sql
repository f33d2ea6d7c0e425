drop function sweep_state(timestamptz);
drop function partnerships_to_sweep();
drop table sweep;
drop table timer;
drop function refuse_timer_change();
