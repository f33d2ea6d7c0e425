-- An entry holds what is linked, and nothing that could be changed without breaking its link. When something got its place
-- was written down and never read.
alter table feed_entry drop column sequenced_at;
alter table access_entry drop column sequenced_at;
