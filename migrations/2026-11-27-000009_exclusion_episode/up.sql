-- A decision to leave something out is about what has ended. Opened again it is another episode, which that decision says
-- nothing about, also when it ends.
alter table figure_exclusion add column episode smallint check (episode >= 1);
alter table figure_exclusion disable trigger figure_exclusion_is_append_only;
alter table figure_exclusion no force row level security;
alter table escalation no force row level security;
update figure_exclusion set episode = escalation.episode
from escalation
where escalation.partnership_id = figure_exclusion.partnership_id and escalation.id = figure_exclusion.escalation_id;
alter table figure_exclusion force row level security;
alter table escalation force row level security;
alter table figure_exclusion enable trigger figure_exclusion_is_append_only;
alter table figure_exclusion alter column episode set not null;
