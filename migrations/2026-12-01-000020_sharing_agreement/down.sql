drop function every_partnership();
drop table sharing_agreement;
drop policy whole on partnership;
revoke update (agreements) on partnership from escalation_app;
alter table partnership drop column agreements;
