drop function webhook_state();
drop function webhooks_due(timestamptz);
drop policy directory_of_webhooks on feed_head;
drop table webhook_attempt;
drop table webhook_lane;
drop table webhook_delivery;
drop table webhook_key;
drop table webhook_act;
drop table webhook_endpoint;
