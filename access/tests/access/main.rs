//! Tokens from the outside: everything that a caller, an issuer or a thief can send.

#![cfg(test)]

mod attacks;
mod claims;
mod introspection;
mod issuer;
mod keys;
mod noise;
mod oracle;
mod peer;
mod sets;
mod support;
