drop table web_session;
drop table login_attempt;
