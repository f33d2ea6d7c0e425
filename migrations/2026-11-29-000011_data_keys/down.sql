-- What lies sealed under these keys would never be read again.
alter table child_data_key no force row level security;
do $$
begin
    if exists (select from child_data_key) then
        raise exception 'references of children are sealed under data keys, which going back would destroy';
    end if;
end
$$;
revoke update (ciphertext) on escalation_child from escalation_app;
drop index escalation_child_without_key;
drop table child_data_key;
drop table partnership_key;
drop function refuse_key_change();
