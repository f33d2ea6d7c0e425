drop table figure_exclusion;
