drop table review_action_state;
drop table review_action;
drop table review_learning_result;
drop table review_learning;
