-- The two roles of a development database: one owns the tables, the other is the service's and owns nothing.
create role escalation_owner login createrole password 'owner-of-a-development-machine';
create role escalation_app login password 'app-of-a-development-machine';
alter database escalations owner to escalation_owner;
