drop table public_release;
