alter table review_sign_off
    drop column attendance,
    drop column checks,
    drop column next_meeting_on;
