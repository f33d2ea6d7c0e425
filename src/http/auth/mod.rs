//! Sign-in of people for the pages: the provider says who somebody is, the registry what they may.
//!
//! Two doors that do not open each other: a bearer token opens operations of the API and no page, a session's cookie
//! opens pages and no operation, so that no other site's page can make a browser act on the API.

pub mod choice;
pub mod claims;
pub mod cookies;
pub mod doors;
pub mod form;
pub mod id_token;
pub mod login;
pub mod logout;
pub mod provider;
pub mod return_to;
pub mod signed_in;
