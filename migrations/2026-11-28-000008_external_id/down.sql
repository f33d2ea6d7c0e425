drop table external_id;
drop function refuse_external_id_change();
