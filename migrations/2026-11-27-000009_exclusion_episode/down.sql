alter table figure_exclusion drop column episode;
