-- A role for whoever answers for data protection.

alter table client drop constraint client_role_check;
alter table client add constraint client_role_check check
    (role in ('agency', 'service_lead', 'director', 'analyst', 'auditor', 'privacy_officer', 'operator'));
alter table web_session drop constraint web_session_role_check;
alter table web_session add constraint web_session_role_check check
    (role in ('agency', 'service_lead', 'director', 'analyst', 'auditor', 'privacy_officer', 'operator'));
