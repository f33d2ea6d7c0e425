-- What was agreed is to be done in time: a clock of its own runs from the acceptance of an answer to the ending.
alter table stage_clock
    drop constraint stage_clock_kind_check,
    add constraint stage_clock_kind_check check (kind in
        ('acknowledgement', 'answer', 'judgement', 'resolution', 'feedback', 'learning', 'impact_check'));
