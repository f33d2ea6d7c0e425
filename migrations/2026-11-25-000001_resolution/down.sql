-- A clock of this kind that has run stands in the way, and rightly: nothing that was recorded is thrown away.
alter table stage_clock
    drop constraint stage_clock_kind_check,
    add constraint stage_clock_kind_check check (kind in
        ('acknowledgement', 'answer', 'judgement', 'feedback', 'learning', 'impact_check'));
