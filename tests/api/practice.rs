//! Good practice: recorded with one small post, sent as often as one likes, read by whom it concerns, counted beside.
