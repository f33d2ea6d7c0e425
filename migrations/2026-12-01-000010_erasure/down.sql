drop function carry_out_erasure(uuid, uuid);
do $$
begin
    -- What was erased cannot be brought back, and the version before does not know of it.
    if exists (select from erased_escalation) then
        raise exception 'something was erased: this version has to stay';
    end if;
end
$$;
drop policy erasure on import_row;
drop policy erasure on idempotency_key;
drop trigger external_id_is_append_only on external_id;
create trigger external_id_is_append_only before delete on external_id
    for each row execute function refuse_change();
drop function refuse_unless_erased();
create or replace view reporting_v1.escalation_child as
    select c.escalation_id || '/' || c.position as row_id, c.escalation_id, e.fiscal_year,
           encode(sha256(c.child_key || convert_to('reporting_v1/' || e.fiscal_year, 'UTF8')), 'hex') as child_key
    from public.escalation_child c
    join reporting_v1.escalation e on e.escalation_id = c.escalation_id
    where c.partnership_id = (select public.reported_partnership());
alter table escalation_child drop constraint escalation_child_check;
comment on column escalation_child.child_key is null;
alter table escalation_child alter column child_key set not null;
alter table escalation_child alter column ciphertext set not null;
drop index event_erased;
drop table erased_escalation, erasure_decision, erasure, legal_hold_lift, legal_hold;
drop function refuse_forgetting_less();
