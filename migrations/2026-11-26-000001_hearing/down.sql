drop table nil_return;
drop table feed_agreement;
drop table heartbeat;
