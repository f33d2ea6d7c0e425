-- The role stays: it belongs to the server, where others may use it.
drop schema reporting_v1 cascade;
do $$
declare
    named text;
begin
    foreach named in array array['agency', 'theme', 'calendar', 'calendar_day', 'escalation', 'escalation_child',
        'delay', 'episode', 'stage_clock', 'figure_exclusion', 'practice_record', 'heartbeat', 'feed_agreement',
        'nil_return', 'review_action', 'review_action_state', 'review_learning', 'review_learning_result',
        'review_sign_off']
    loop
        execute format('drop policy reported on %I', named);
    end loop;
end
$$;
drop function reported_partnership();
drop function find_report_token(uuid);
drop table report_token_revocation;
drop table report_token;
