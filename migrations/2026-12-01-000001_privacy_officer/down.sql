alter table web_session drop constraint web_session_role_check;
alter table web_session add constraint web_session_role_check check
    (role in ('agency', 'service_lead', 'director', 'analyst', 'auditor', 'operator'));
alter table client drop constraint client_role_check;
alter table client add constraint client_role_check check
    (role in ('agency', 'service_lead', 'director', 'analyst', 'auditor', 'operator'));
