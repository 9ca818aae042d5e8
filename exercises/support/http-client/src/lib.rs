//! HTTP as a registry client needs it: connections, retries, resumed transfers, stored logins.
