drop table review_sign_off;
