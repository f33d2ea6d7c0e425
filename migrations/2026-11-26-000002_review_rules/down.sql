drop table review_setting;
drop table rebase_withdrawal;
drop table rebase;
